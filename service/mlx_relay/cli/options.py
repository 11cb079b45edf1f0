"""Options that several commands share."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ConfigFile: TypeAlias = Annotated[
    Path | None, typer.Option("--config", metavar="FILE", help="Settings, as TOML.")
]
AsJson: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
PasswordStdin: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from stdin.")
]
StartsInThinking: TypeAlias = Annotated[
    bool | None,
    typer.Option(
        "--starts-in-thinking/--no-starts-in-thinking",
        help="Whether the model's text begins inside a block of reasoning; default: unknown.",
        show_default=False,
    ),
]


def parser_or_none(name: str | None) -> str | None:
    """Return the parser that the option *name* means: ``none`` is no parser."""
    return None if name == "none" else name
