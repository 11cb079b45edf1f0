"""What only a person or a pipe can say: passwords, keys, yes. Never on the command line."""

import getpass
import sys

import typer

from mlx_relay.errors import InvalidRequest


def read_line_of_stdin(what: str) -> str:
    """Return all of stdin without one line end; raises InvalidRequest if it is not text."""
    try:
        text = sys.stdin.buffer.read().decode()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{what}: stdin is not UTF-8 text.") from None
    return text.removesuffix("\n").removesuffix("\r")


def read_new_password(*, from_stdin: bool) -> str:
    """Return a password: from stdin, or typed twice; raises InvalidRequest."""
    if from_stdin:
        return read_line_of_stdin("password")
    if not sys.stdin.isatty():
        raise InvalidRequest("password: There is no terminal to type it: give --password-stdin.")
    password = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != password:
        raise InvalidRequest("password: The two are not the same.")
    return password


def confirm(question: str, *, yes: bool) -> None:
    """Return if the user agrees, *yes* being that they did beforehand; else ends the command."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidRequest("There is no terminal to ask: give --yes.")
    typer.confirm(question, abort=True, err=True)
