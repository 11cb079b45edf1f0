"""A recording of a real server in (JSON lines of socket reads), a cassette out.

The recording's first line is the header, then comes one line per read from the socket, with its
time in milliseconds and its bytes as on the wire, and last how it ended. A cassette keeps body
bytes only: chunk framing is taken off, and a chunk has the time at which it was whole.
"""

import base64
import json
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

from fake_mlx import cassette as cassettes
from fake_mlx.cassette import CassetteError, blame, convert
from fake_mlx.chunked import ChunkedReader
from fake_mlx.exchange import (
    Cassette,
    End,
    Ending,
    Framing,
    Head,
    Header,
    Request,
    Response,
    Source,
    TransferChunk,
    stamp,
)
from fake_mlx.redaction import kept_of_request, kept_of_response, without_machine_paths

_BODY_LIMIT: Final = 1 << 30
_ENDINGS: Final[dict[str, Ending]] = {
    "eof": "eof",
    "content-length": "eof",
    "reset": "reset",
    "timeout": "timeout",
    "client-closed": "client-closed",
}

Why: TypeAlias = Literal["eof", "reset", "timeout", "client-closed", "content-length"]
Milliseconds = Annotated[float, Meta(ge=0)]


class Asked(msgspec.Struct, frozen=True):
    method: str
    path: str
    headers: dict[str, str]
    body: Any = None
    body_b64: str | None = None


class Opening(msgspec.Struct, frozen=True):
    kind: Literal["header"]
    server: str
    recorded_at: datetime
    request: Asked
    status_line: str
    status: int | None
    headers: list[tuple[str, str]]
    framing: Framing
    head_ms: Milliseconds | None
    note: str = ""


class Read(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    t_ms: Milliseconds
    b64: bytes


class Closing(msgspec.Struct, frozen=True):
    kind: Literal["end"]
    t_ms: Milliseconds
    why: Why
    bytes: int


def import_recording(data: bytes, name: str, where: str) -> Cassette:
    """Return the cassette *name* of the recording in *data*; raises CassetteError.

    *where* names the file in errors.
    """
    records = cassettes.read_records(data, where)
    with blame(where, 1):
        opening = convert(records[0], Opening)
    with blame(where, len(records)):
        closing = convert(records[-1], Closing)
    reads = []
    for number, record in enumerate(records[1:-1], 2):
        with blame(where, number):
            reads.append(convert(record, Read))
    with blame(where, len(records)):
        cassette = stamp(assemble(name, opening, reads, closing))
    _check_exact(cassette, where)
    return cassette


def _check_exact(cassette: Cassette, where: str) -> None:
    if cassettes.loads(cassettes.dumps(cassette), where) != cassette:
        raise CassetteError(where, 1, "this cannot be kept in a cassette without a change")


def assemble(name: str, opening: Opening, reads: list[Read], closing: Closing) -> Cassette:
    if sum(len(read.b64) for read in reads) != closing.bytes:
        raise ValueError(f"the reads do not add up to the {closing.bytes} bytes that it says")
    chunks, terminated = _transfer_chunks(reads, opening.framing)
    ending = _ENDINGS[closing.why]
    if ending == "eof" and not terminated:
        ending = "fin-without-terminator"
    by: Literal["upstream", "downstream"] = (
        "downstream" if ending in {"timeout", "client-closed"} else "upstream"
    )
    head = None if opening.head_ms is None else Head(_seconds(opening.head_ms), True)
    return Cassette(_header(name, opening), head, chunks, End(_seconds(closing.t_ms), ending, by))


def _seconds(milliseconds: float) -> float:
    return round(milliseconds / 1000, 6)


def _transfer_chunks(reads: list[Read], framing: Framing) -> tuple[tuple[TransferChunk, ...], bool]:
    """Return the transfer chunks, and whether the body was whole as far as framing can tell."""
    if framing != "chunked":
        return tuple(TransferChunk(_seconds(read.t_ms), read.b64) for read in reads), True
    reader = ChunkedReader(_BODY_LIMIT)
    chunks = [
        TransferChunk(_seconds(read.t_ms), data) for read in reads for data in reader.feed(read.b64)
    ]
    if not reader.finished and (part := reader.leftover()):
        chunks.append(TransferChunk(_seconds(reads[-1].t_ms), part))
    return tuple(chunks), reader.finished


def _header(name: str, opening: Opening) -> Header:
    asked, redacted = _request(opening.request)
    kept, dropped = kept_of_response(opening.headers)
    version, _, reason = opening.status_line.partition(" ")
    return Header(
        cast=1,
        name=name,
        recorded_at=opening.recorded_at,
        source=Source(opening.server),
        request=asked,
        response=Response(
            status=opening.status,
            headers=tuple(kept),
            http="1.0" if version == "HTTP/1.0" else "1.1",
            framing=opening.framing,
            reason=reason.partition(" ")[2],
        ),
        bytes=0,
        sha256="0" * 64,
        redacted=tuple(redacted + [f"response.headers.{name}" for name in dropped]),
        note=opening.note,
    )


def _request(asked: Asked) -> tuple[Request, list[str]]:
    kept, dropped = kept_of_request(asked.headers.items())
    request = Request(asked.method, asked.path, tuple(kept))
    redacted = [f"request.headers.{name}" for name in dropped]
    body = _request_body(asked)
    cleaned = without_machine_paths(body)
    if cleaned != body:
        redacted.append("request.body")
    return msgspec.structs.replace(request, **cleaned), redacted


def _request_body(asked: Asked) -> dict[str, Any]:
    """Return the body under the key that says how a cassette keeps it; empty without a body."""
    if asked.body is not None:
        return {"json": asked.body}
    if asked.body_b64 is None:
        return {}
    data = base64.b64decode(asked.body_b64, validate=True)
    if asked.headers.get("Transfer-Encoding") == "chunked":
        data = b"".join(ChunkedReader(_BODY_LIMIT).feed(data))
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return {"b64": base64.b64encode(data).decode()}
    try:
        return {"json": json.loads(text, parse_constant=_refuse)}
    except ValueError:
        return {"text": text}


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
