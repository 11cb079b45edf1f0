"""``mlx-relay logs``: the log's files in; how streams ended, as a table, JSON or a summary, out."""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from mlx_relay.cli.failures import CommandFailed
from mlx_relay.cli.logs_filter import OUTCOMES, Filter, parse_since
from mlx_relay.cli.logs_rows import heading, json_line, row
from mlx_relay.cli.logs_summary import summarize, table
from mlx_relay.cli.options import AsJson, ConfigFile
from mlx_relay.config import load_settings
from mlx_relay.sinks.base import read_settings
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_reader import LogReader
from mlx_relay.sinks.log_settings import LogSettings
from mlx_relay.sinks.records import StreamEnded, schema

POLL_SECONDS: Final = 0.25
INTERRUPTED: Final = 130
_WIDE: Final = 400
"""Columns of what is no terminal: nothing shall be cut or wrapped there."""

app = typer.Typer(rich_markup_mode=None)


def _outcome(value: str | None) -> str | None:
    if value is not None and value not in OUTCOMES:
        raise typer.BadParameter(f"{value} is not one of {', '.join(OUTCOMES)}")
    return value


def _since(value: str) -> datetime:
    try:
        return parse_since(value, datetime.now(UTC))
    except (ValueError, OverflowError):
        raise typer.BadParameter("say 15m, 2h or 7d, or 2026-01-31, or 2026-01-31T12:00") from None


@app.command()
def logs(  # noqa: PLR0913  a command's options are its parameters
    *,
    user: Annotated[str | None, typer.Option(help="Only streams of this user.")] = None,
    profile: Annotated[str | None, typer.Option(help="Only streams of this profile.")] = None,
    outcome: Annotated[
        str | None,
        typer.Option(
            callback=_outcome, help="done, error, client_gone, lost, or the code of an error."
        ),
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(parser=_since, metavar="AGE|TIME", help="15m, 2h, 7d, or a date (UTC)."),
    ] = None,
    last: Annotated[int | None, typer.Option(min=1, help="Only the last so many.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until Ctrl-C.")] = False,
    summary: Annotated[bool, typer.Option("--summary", help="Figures for each profile.")] = False,
    as_json: AsJson = False,
    print_schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON schema of the log's lines.")
    ] = False,
    config: ConfigFile = None,
) -> None:
    """Show how streams ended."""
    if print_schema:
        typer.echo(json_line(schema()))
        return
    if follow and summary:
        raise typer.BadParameter("--summary has an end, --follow has none")
    reader = _reader(config)
    wanted = Filter(user, profile, outcome, since)
    # The second look finds a file that was turned during the first.
    ends: Iterable[StreamEnded] = chain(reader.new_ends(), reader.new_ends())
    ends = filter(wanted.takes, ends)
    ends = deque(ends, maxlen=last) if last else ends
    if summary:
        _show_summary(ends, as_json=as_json)
    else:
        _show(chain(ends, _following(reader, wanted) if follow else ()), as_json=as_json)
    if reader.unreadable:
        typer.echo(f"{reader.unreadable} lines are no records", err=True)


def _reader(config: Path | None) -> LogReader:
    settings = load_settings(config)
    log_settings = read_settings("log", settings.sink.get("log", {}), LogSettings)
    path = log_settings.path_in(settings.data_dir)
    names = LogNames(path)
    try:
        if not names.by_slot():
            typer.echo(f"there is no log at {path} yet", err=True)
    except OSError as error:
        raise CommandFailed(f"log {path}: {error.strerror}") from None
    return LogReader(names)


def _following(reader: LogReader, wanted: Filter) -> Iterator[StreamEnded]:
    try:
        while True:
            yield from filter(wanted.takes, reader.new_ends())
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        raise typer.Exit(INTERRUPTED) from None


def _show(ends: Iterable[StreamEnded], *, as_json: bool) -> None:
    if as_json:
        for record in ends:
            typer.echo(json_line(record))
        return
    console = _console()
    console.print(heading(), soft_wrap=True)
    for record in ends:
        console.print(row(record), soft_wrap=True)


def _show_summary(ends: Iterable[StreamEnded], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json_line(summarize(ends)))
    else:
        _console().print(table(summarize(ends)))


def _console() -> Console:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console.width = _WIDE
    return console
