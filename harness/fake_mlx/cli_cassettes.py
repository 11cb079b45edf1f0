"""The commands on cassettes and recordings: names of files in, lines and an exit code out."""

import os
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from fake_mlx.cassette import CassetteError, read_records
from fake_mlx.exchange import Cassette, stamp
from fake_mlx.exits import FAILED, fail
from fake_mlx.import_formats import format_of
from fake_mlx.key_shapes import find_keys
from fake_mlx.library import SUFFIX, LibraryError, cassette_files, find, load, read, save
from fake_mlx.timeline import BAR_WIDTH, Kind, timeline

_PROBLEMS: Final = (CassetteError, LibraryError)
_STYLES: Final[dict[Kind, dict[str, Any]]] = {
    "head": {"bold": True},
    "thinking": {"fg": "magenta"},
    "answer": {"fg": "green"},
    "call": {"fg": "yellow"},
    "other": {"dim": True},
    "end": {"bold": True},
}

Files = Annotated[list[Path], typer.Argument(metavar="FILE...")]


def import_(
    files: Files,
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where cassettes go.")],
) -> None:
    """Turn recordings of real servers into cassettes that are named after the files."""
    names = [format_of(file.name)[0] for file in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        fail(f"several files would become {twice[0]}{SUFFIX}", FAILED)
    failed = 0
    for file, name in zip(files, names, strict=True):
        try:
            for cassette in format_of(file.name)[1](read(file), name, str(file)):
                save(cassette, out / f"{cassette.header.name}{SUFFIX}")
        except _PROBLEMS as error:
            typer.echo(str(error), err=True)
            failed += 1
    typer.echo(f"{len(files) - failed} imported, {failed} failed")
    if failed:
        raise typer.Exit(FAILED)


def check(
    paths: Annotated[list[Path], typer.Argument(metavar="DIR|FILE...")],
    *,
    restamp: Annotated[
        bool, typer.Option("--restamp", help="Write size and hash anew after an edit by hand.")
    ] = False,
) -> None:
    """Validate cassettes: format, size, hash, and that they hold nothing like a key."""
    good, bad = 0, 0
    for path in paths:
        try:
            files = cassette_files(path)
        except LibraryError as error:
            typer.echo(str(error), err=True)
            bad += 1
            continue
        for file in files:
            fine = _checked(file, restamp=restamp)
            good, bad = good + fine, bad + (not fine)
    typer.echo(f"{good} good, {bad} bad")
    if bad:
        raise typer.Exit(FAILED)


def cat(cassette: Annotated[str, typer.Argument(help="A file, or a shipped name.")]) -> None:
    """Write the raw body of a cassette to stdout."""
    try:
        body = load(find(cassette)).body
    except _PROBLEMS as error:
        fail(str(error), FAILED)
    try:
        sys.stdout.buffer.write(body)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        # Python flushes once more when it ends; let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show(cassette: Annotated[str, typer.Argument(help="A file, or a shipped name.")]) -> None:
    """Draw the stream of a cassette: when each chunk came, how large it was, what it said."""
    try:
        rows = timeline(load(find(cassette)))
    except _PROBLEMS as error:
        fail(str(error))
    for row in rows:
        line = f"{row.at:9.3f}s {row.bar:<{BAR_WIDTH}} {row.size:>7} B  "
        # click takes the colours off where there is no terminal.
        typer.echo(line + typer.style(f"{row.kind:<9} {row.text}".rstrip(), **_STYLES[row.kind]))


def _checked(file: Path, *, restamp: bool) -> bool:
    try:
        cassette = load(file, verify=not restamp)
        if restamp:
            cassette = stamp(cassette)
            save(cassette, file)
        keys = find_keys(read_records(read(file), str(file)), cassette)
    except _PROBLEMS as error:
        typer.echo(str(error), err=True)
        return False
    for line, kind in keys:
        typer.echo(f"{file}:{line}: this looks like {kind}", err=True)
    if not keys:
        typer.echo(f"{file}: {_summary(cassette)}")
    return not keys


def _summary(cassette: Cassette) -> str:
    chunks, size = len(cassette.chunks), cassette.header.bytes
    status = cassette.header.response.status or "no reply"
    return f"{status}, {chunks} chunks, {size} bytes, {cassette.end.end}"
