"""An MLX server's raw SSE bytes on stdin; typed events, a JSON line each, on stdout."""

import json
import os
import sys
import time
from typing import Annotated, Final

import typer

from mlx_relay.cli.failures import FAILED
from mlx_relay.cli.options import StartsInThinking, parser_or_none
from mlx_relay.events import Error, Event, encode
from mlx_relay.pipeline import Pipeline, UnknownParser, check_parser
from mlx_relay.pipeline.trace import Step

READ_BYTES: Final = 64 * 1024
EXPLAINED_CHARACTERS: Final = 200

app = typer.Typer(rich_markup_mode=None)


def _known(name: str) -> str:
    try:
        check_parser(parser_or_none(name))
    except UnknownParser as error:
        raise typer.BadParameter(str(error)) from None
    return name


@app.command()
def parse(
    reasoning_parser: Annotated[
        str, typer.Option(metavar="auto|none|NAME", callback=_known, help="Format of reasoning.")
    ] = "auto",
    tool_parser: Annotated[
        str, typer.Option(metavar="none|NAME", callback=_known, help="Format of tool calls.")
    ] = "none",
    *,
    starts_in_thinking: StartsInThinking = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say before events, behind #, what led to them.")
    ] = False,
) -> None:
    """Turn an MLX server's raw stream on stdin into typed events, one JSON line each.

    Exit code 0 if the stream ended in done, 1 if in error.
    """
    pipeline = Pipeline(
        reasoning_parser=parser_or_none(reasoning_parser),
        tool_parser=parser_or_none(tool_parser),
        starts_in_thinking=starts_in_thinking,
        trace=_explain if explain else None,
    )
    last: Event | None = None
    while data := os.read(sys.stdin.fileno(), READ_BYTES):
        for piece in data.splitlines(keepends=True) if explain else [data]:
            last = _write(pipeline.feed(piece, time.monotonic())) or last
    last = _write(pipeline.close(time.monotonic())) or last
    if isinstance(last, Error):
        raise typer.Exit(FAILED)


def _explain(step: Step) -> None:
    """Write which family did what with which text, and where that text stood."""
    text = (
        step.text
        if len(step.text) <= EXPLAINED_CHARACTERS
        else f"{step.text[:EXPLAINED_CHARACTERS]}..."
    )
    line = f"# {step.family}, in {step.state}: {json.dumps(text)} {step.rule}\n"
    sys.stdout.buffer.write(line.encode())


def _write(events: list[Event]) -> Event | None:
    """Write *events* at once and return the last of them."""
    if not events:
        return None
    sys.stdout.buffer.write(b"".join(encode(event) + b"\n" for event in events))
    sys.stdout.buffer.flush()
    return events[-1]
