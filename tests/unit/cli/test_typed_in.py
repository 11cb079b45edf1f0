"""Passwords and answers, from a pipe and from a terminal."""

import getpass
import io
import sys
from collections.abc import Iterator

import pytest
import typer

from mlx_relay.cli.typed_in import confirm, read_line_of_stdin, read_new_password
from mlx_relay.errors import InvalidRequest


class Terminal(io.TextIOWrapper):
    """A stdin that someone types at."""

    def __init__(self, typed: str = "") -> None:
        super().__init__(io.BytesIO(typed.encode()))

    def isatty(self) -> bool:
        return True


def pipe(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def type_passwords(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    typed: Iterator[str] = iter(passwords)
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr(getpass, "getpass", lambda prompt: next(typed))


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (b"a b\n", "a b"),
        (b"a\r\n", "a"),
        (b" a ", " a "),
        (b"a\n\n", "a\n"),
        (b"", ""),
        ("ä\n".encode(), "ä"),
    ],
)
def test_stdin_loses_one_line_end(monkeypatch: pytest.MonkeyPatch, data: bytes, line: str) -> None:
    pipe(monkeypatch, data)
    assert read_line_of_stdin("password") == line


def test_stdin_that_is_not_text_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"\xff\xfe")
    with pytest.raises(InvalidRequest, match="password: stdin"):
        read_line_of_stdin("password")


def test_a_password_is_typed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    type_passwords(monkeypatch, "correct horse", "correct horse")
    assert read_new_password(from_stdin=False) == "correct horse"


def test_two_passwords_that_differ_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    type_passwords(monkeypatch, "correct horse", "correct hose")
    with pytest.raises(InvalidRequest, match="not the same"):
        read_new_password(from_stdin=False)


def test_without_a_terminal_a_password_needs_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"correct horse\n")
    with pytest.raises(InvalidRequest, match="--password-stdin"):
        read_new_password(from_stdin=False)


def test_without_a_terminal_a_question_needs_its_option(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"y\n")
    with pytest.raises(InvalidRequest, match="--yes"):
        confirm("Really?", yes=False)


def test_yes_beforehand_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    pipe(monkeypatch, b"")
    confirm("Really?", yes=True)


def test_no_ends_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    with pytest.raises(typer.Abort):
        confirm("Really?", yes=False)


def test_yes_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    confirm("Really?", yes=False)
