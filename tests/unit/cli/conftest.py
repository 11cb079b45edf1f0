"""``mlx-relay`` inside the test's process, with a data directory of its own."""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest
import structlog

from mlx_relay.cli import main


class Ran(NamedTuple):
    """How a command ended and what it said."""

    code: int
    out: str
    err: str


Command: TypeAlias = Callable[..., Ran]


@pytest.fixture
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data"
    monkeypatch.setenv("MLX_RELAY_DATA_DIR", str(path))
    return path


@pytest.fixture
def command(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Runs ``mlx-relay`` with arguments and with *stdin*, which is no terminal."""

    def run(*arguments: str, stdin: str | bytes = "") -> Ran:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        monkeypatch.setattr(sys, "argv", ["mlx-relay", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
        code = 0
        try:
            main()
        except SystemExit as end:
            code = int(end.code or 0)
        return Ran(code, *capsys.readouterr())

    yield run
    structlog.reset_defaults()


def assert_one_line(ran: Ran, *parts: str) -> None:
    """Assert that the command said why it failed in one line that holds all *parts*."""
    assert ran.out == ""
    assert ran.err.startswith("mlx-relay: "), ran.err
    assert ran.err.count("\n") == 1, ran.err
    for part in parts:
        assert part in ran.err
