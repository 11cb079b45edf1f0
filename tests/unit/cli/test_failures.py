"""Errors as one line and an exit code."""

import pytest

from mlx_relay.cli.failures import CommandFailed, report
from mlx_relay.errors import (
    ConfigurationError,
    Conflict,
    InvalidRequest,
    NotFound,
    RelayError,
    Unavailable,
)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CommandFailed("no"), 1),
        (NotFound(), 1),
        (Conflict(), 1),
        (Unavailable(), 1),
        (InvalidRequest(), 2),
        (ConfigurationError("no"), 78),
    ],
)
def test_each_error_has_its_exit_code(error: RelayError, code: int) -> None:
    assert report(error) == code


def test_a_failure_is_one_printable_line_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    report(CommandFailed("a\x1b[31m\nb"))
    assert tuple(capsys.readouterr()) == ("", "mlx-relay: a[31m b\n")
