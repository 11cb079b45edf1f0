"""The ``mlx-relay`` command: arguments in; an exit code, and one line for each failure, out.

Exit codes: 2 usage, 78 configuration, 130 Ctrl-C, 1 anything else.
"""

import gc
import importlib
import sys
from types import ModuleType
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from mlx_relay import __version__
from mlx_relay.cli.failures import report
from mlx_relay.errors import RelayError

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "serve": ("serve", "Serve the relay."),
    "demo": ("demo", "Serve the relay in front of recorded MLX servers; no Mac needed."),
    "chat": ("chat", "Chat with a relay from the terminal."),
    "parse": ("parse", "Turn an MLX server's raw stream into typed events."),
    "parsers": ("parsers", "List the formats of reasoning and tool calls."),
    "user": ("users", "Add, list, change and remove users."),
    "profile": ("profiles", "Add, list, change and remove profiles."),
    "key": ("keys", "Add, list and remove API keys."),
    "audit": ("audit", "Show who changed users, profiles and keys."),
    "logs": ("logs", "Show how streams ended, from the log."),
    "doctor": ("doctor", "Check settings, files, database and MLX servers; say what to do."),
}
"""A command's name, its module in this folder, and what the help says of it."""


class _Commands(TyperGroup):
    """Imports a command when it is called: ``--help`` and ``parse`` need no web server."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        if args[0] in COMMANDS:
            module = _load(COMMANDS[args[0]][0])
            self.add_command(typer.main.get_command(module.app), args[0])
        return super().resolve_command(ctx, args)


def _load(command: str) -> ModuleType:
    # What modules make stays: to look through it takes a twentieth of a start.
    gc.disable()
    try:
        return importlib.import_module(f"{__name__}.{command}")
    finally:
        gc.freeze()
        gc.enable()


app = typer.Typer(
    cls=_Commands,
    name="mlx-relay",
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _show_version(is_asked: bool) -> None:  # noqa: FBT001 - typer gives the option's value
    if is_asked:
        typer.echo(f"mlx-relay {__version__}")
        raise typer.Exit


@app.callback()
def _mlx_relay(
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True),
    ] = False,
) -> None:
    """An authenticated streaming relay for chat with MLX language models."""


def _stand_in() -> None:
    """Hold the place of a command in the help."""


for _name, (_, _help) in COMMANDS.items():
    app.command(_name, help=_help)(_stand_in)


def main() -> None:
    """Run the command."""
    try:
        app(prog_name="mlx-relay")
    except RelayError as error:
        sys.exit(report(error))
