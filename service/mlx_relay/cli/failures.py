"""An error that a user can cause in; one line on stderr and an exit code out."""

import typer

from mlx_relay.cli.printable import one_line
from mlx_relay.errors import ConfigurationError, InvalidRequest, RelayError

FAILED = 1
WRONG_USAGE = 2
WRONG_CONFIGURATION = 78


class CommandFailed(RelayError):
    """The command could not do its work; the text says why, in one sentence."""

    code = "failed"


def report(error: RelayError) -> int:
    """Say on stderr what went wrong, and return the exit code."""
    typer.echo(f"mlx-relay: {one_line(str(error))}", err=True)
    match error:
        case ConfigurationError():
            return WRONG_CONFIGURATION
        case InvalidRequest():
            return WRONG_USAGE
        case _:
            return FAILED
