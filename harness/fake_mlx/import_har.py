"""A HAR file in (HTTP archive 1.2, from a browser); a cassette for each entry with text out."""

from datetime import datetime
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from fake_mlx.cassette import CassetteError
from fake_mlx.exchange import Cassette
from fake_mlx.import_common import UNKNOWN_DAY, cassette_of, json_body, numbered
from fake_mlx.importer import Asked


class Named(msgspec.Struct, frozen=True):
    name: str
    value: str


class Text(msgspec.Struct, frozen=True):
    text: str = ""
    encoding: Literal["", "base64"] = ""


class Asking(msgspec.Struct, frozen=True, rename="camel"):
    method: str
    url: str
    headers: list[Named] = []
    post_data: Text | None = None


class Answer(msgspec.Struct, frozen=True, rename="camel"):
    status: int
    content: Text
    status_text: str = ""
    headers: list[Named] = []


class Entry(msgspec.Struct, frozen=True, rename="camel"):
    request: Asking
    response: Answer
    started_date_time: datetime = UNKNOWN_DAY


class Log(msgspec.Struct, frozen=True):
    entries: list[Entry]


class Archive(msgspec.Struct, frozen=True):
    log: Log


def import_har(data: bytes, name: str, where: str) -> list[Cassette]:
    """Return a cassette for each entry of *data* that has a text body; raises CassetteError."""
    try:
        archive = msgspec.json.decode(data, type=Archive)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CassetteError(where, 1, f"no HAR file: {error}") from error
    entries = [e for e in archive.log.entries if _has_text(e.response.content)]
    if not entries:
        raise CassetteError(where, 1, "no entry has a text body")
    return [
        _cassette(entry, numbered(name, number, len(entries)), where)
        for number, entry in enumerate(entries, 1)
    ]


def _has_text(content: Text) -> bool:
    return bool(content.text) and not content.encoding


def _cassette(entry: Entry, name: str, where: str) -> Cassette:
    request, response = entry.request, entry.response
    url = urlsplit(request.url)
    path = (url.path or "/") + (f"?{url.query}" if url.query else "")
    text = request.post_data.text if request.post_data else None
    headers = {header.name: header.value for header in request.headers}
    return cassette_of(
        name,
        where,
        response.content.text.encode(),
        asked=Asked(request.method, path, headers, **json_body(text)),
        status=(response.status, response.status_text),
        headers=[(header.name, header.value) for header in response.headers],
        recorded_at=entry.started_date_time,
        kind="HAR",
    )
