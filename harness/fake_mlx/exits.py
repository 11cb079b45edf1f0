"""Why a command cannot go on in, one line on stderr and an exit code out."""

from typing import Final, NoReturn

import typer

FAILED: Final = 1
BAD_CONFIGURATION: Final = 78


def fail(message: str, code: int = FAILED) -> NoReturn:
    """End the command."""
    typer.echo(f"fake-mlx: {message}", err=True)
    raise typer.Exit(code)
