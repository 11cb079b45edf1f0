"""The ``verdict`` command: journal and client record in; a line per rule, an exit code out."""

import json
import urllib.request
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer

from fake_mlx.client_record import BadRecord, parse_record
from fake_mlx.exits import FAILED, fail
from fake_mlx.library import SHIPPED, LibraryError, read
from fake_mlx.sent_bodies import sent_bodies
from fake_mlx.verdict import CLOSED_WITHIN_MS, Speaks, Verdict, judge

_PATIENCE: Final = 10.0
_JOURNAL: Final = "/_fake/journal?stamps=1"


def verdict(
    journal: Annotated[str, typer.Option(metavar="URL|FILE", help="The fake, or its journal.")],
    client: Annotated[Path, typer.Option(metavar="FILE", help="What the client got.")],
    cassettes: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of cassettes.", show_default=False)
    ] = SHIPPED,
    speaks: Annotated[
        Speaks | None, typer.Option(help="Bytes passed on, or events of its own; else it is seen.")
    ] = None,
    closed_within_ms: Annotated[float, typer.Option(min=0)] = CLOSED_WITHIN_MS,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Judge a proxy by the fake's journal and by what its client got."""
    try:
        entries = msgspec.json.decode(_journal(journal), type=list[dict[str, Any]])
        requests = parse_record(read(client))
        bodies = sent_bodies(entries, cassettes)
        found = judge(
            entries, requests, bodies=bodies, speaks=speaks, closed_within_ms=closed_within_ms
        )
    except (OSError, LibraryError) as error:
        fail(str(error))
    except BadRecord as error:
        fail(f"{client}: {error}")
    except (ValueError, TypeError, KeyError, msgspec.DecodeError):
        fail(f"{journal}: this is no journal of a fake")
    typer.echo(_as_json(found) if as_json else str(found))
    if not found.kept:
        raise typer.Exit(FAILED)


def _journal(source: str) -> bytes:
    if not source.startswith(("http://", "https://")):
        return read(Path(source))
    url = source if "/_fake/" in source else source.rstrip("/") + _JOURNAL
    with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310 - http as checked
        data: bytes = answer.read()
    return data


def _as_json(found: Verdict) -> str:
    return json.dumps({"kept": found.kept, "rulings": msgspec.to_builtins(found.rulings)})
