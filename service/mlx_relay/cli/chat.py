"""``mlx-relay chat``: a prompt in; the relay's stream on the terminal, or plain text in a pipe."""

import asyncio
import sys
import time
from contextlib import closing
from typing import Annotated

import typer
from rich.console import Console

from mlx_relay.cli.chat_client import open_client
from mlx_relay.cli.chat_plain import PlainView
from mlx_relay.cli.chat_terminal import TerminalView
from mlx_relay.cli.chat_view import Chat, View
from mlx_relay.cli.failures import FAILED
from mlx_relay.cli.typed_in import read_line_of_stdin
from mlx_relay.errors import InvalidRequest

app = typer.Typer(rich_markup_mode=None)


@app.command()
def chat(
    prompt: Annotated[
        str | None, typer.Argument(help="What to say; - or nothing reads stdin.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(metavar="NAME", help="Default: the first one.")
    ] = None,
    url: Annotated[
        str, typer.Option(envvar="MLX_RELAY_URL", help="Of the relay.")
    ] = "http://127.0.0.1:8080",
    token: Annotated[
        str | None, typer.Option(envvar="MLX_RELAY_TOKEN", help="An API key, or a token.")
    ] = None,
) -> None:
    """Send a prompt and show the answer as it comes."""
    if not token:
        raise InvalidRequest("token: Give --token or set MLX_RELAY_TOKEN to an API key.")
    said = _prompt(prompt)
    with closing(_view()) as view:
        if not asyncio.run(_chat(view, url, token, profile, said)):
            raise typer.Exit(FAILED)


def _prompt(argument: str | None) -> str:
    if argument is None and sys.stdin.isatty():
        raise InvalidRequest("prompt: Say something, or give it on stdin.")
    prompt = read_line_of_stdin("prompt") if argument in (None, "-") else argument
    if not prompt or not prompt.strip():
        raise InvalidRequest("prompt: It is empty.")
    return prompt


def _view() -> View:
    if sys.stdout.isatty():
        return TerminalView(Console(highlight=False), Console(stderr=True, highlight=False))
    return PlainView(sys.stdout, sys.stderr)


async def _chat(view: View, url: str, token: str, profile: str | None, prompt: str) -> bool:
    """Show one stream; return whether it ended well."""
    async with open_client(url, token) as client:
        profile_id = await client.find_profile(profile)
        shown = Chat(view, started_at=time.monotonic())
        async for event in client.stream(profile_id, prompt):
            shown.show(event, time.monotonic())
    return shown.ended_well
