"""A cassette in, the same exchange with a defect in its body or its head's fields out.

*where* is the fault's place: a chunk (from 1) or a byte of the body, whichever its name in
``faults.FAULTS`` says.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, Final

import msgspec

from fake_mlx.exchange import Cassette, End, Ending, TransferChunk, stamp

DONE: Final = b"data: [DONE]\n\n"
BOM: Final = b"\xef\xbb\xbf"
STOP: Final = b'data: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}\n\n'
NOT_JSON: Final = b'data: {"choices": [{"delta": {"content": "never closed\n\n'
ERROR: Final = b'data: {"error": {"message": "generation failed", "code": "500"}}\n\n'
BUSY: Final = b'data: {"error": {"message": "at capacity", "code": 429}}\n\n'


def media_type(cassette: Cassette, name: str | None) -> Cassette:
    """Say *name* is the content type, or nothing."""
    extra = () if name is None else (("Content-Type", name),)
    return _with_headers(cassette, {"content-type"}, extra)


def packed(cassette: Cassette, *, honestly: bool) -> Cassette:
    """Say that the body is gzip; *honestly*: and let it be."""
    told = _with_headers(cassette, {"content-length"}, (("Content-Encoding", "gzip"),))
    if not honestly:
        return told
    return _with_chunks(told, [TransferChunk(told.end.t, gzip.compress(told.body, mtime=0))])


def chunked(cassette: Cassette) -> Cassette:
    """Turn the framing into HTTP/1.1 chunks."""
    changed = _with_headers(
        cassette,
        {"transfer-encoding", "content-length", "connection"},
        (("Transfer-Encoding", "chunked"),),
    )
    return _reframed(changed, http="1.1", framing="chunked")


def close_delimited(cassette: Cassette) -> Cassette:
    """Turn the framing into HTTP/1.0, where the end of the connection ends the body."""
    drop = {"transfer-encoding", "content-length", "connection"}
    return _reframed(_with_headers(cassette, drop, ()), http="1.0", framing="close")


def cut(cassette: Cassette, byte: int, ending: Ending) -> Cassette:
    """End after *byte* bytes of the body, by *ending*."""
    kept = []
    left = byte
    for chunk in cassette.chunks:
        if left <= 0:
            break
        kept.append(TransferChunk(chunk.t, chunk.data[:left]))
        left -= len(chunk.data)
    at = kept[-1].t if kept else (cassette.head.t if cassette.head else 0.0)
    return msgspec.structs.replace(_with_chunks(cassette, kept), end=End(at, ending))


def ended(cassette: Cassette, ending: Ending) -> Cassette:
    return msgspec.structs.replace(cassette, end=End(cassette.end.t, ending))


def inserted(cassette: Cassette, chunk: int, *messages: bytes) -> Cassette:
    """Put *messages* behind the first *chunk* chunks."""
    before, after = cassette.chunks[:chunk], cassette.chunks[chunk:]
    at = before[-1].t if before else cassette.end.t
    return _with_chunks(cassette, [*before, *(TransferChunk(at, m) for m in messages), *after])


def ended_by(cassette: Cassette, chunk: int, *messages: bytes) -> Cassette:
    """Let *messages* be all that comes behind the first *chunk* chunks."""
    kept = cassette.chunks[:chunk]
    shortened = msgspec.structs.replace(cassette, chunks=kept)
    return inserted(shortened, chunk, *messages)


def replaced(cassette: Cassette, old: bytes, new: bytes) -> Cassette:
    """Write *new* for *old* in every chunk."""
    return _with_chunks(
        cassette, [TransferChunk(c.t, c.data.replace(old, new)) for c in cassette.chunks]
    )


def with_bom(cassette: Cassette) -> Cassette:
    first = cassette.chunks[0] if cassette.chunks else TransferChunk(cassette.end.t, b"")
    return _with_chunks(cassette, [TransferChunk(first.t, BOM + first.data), *cassette.chunks[1:]])


def without_finish(cassette: Cassette) -> Cassette:
    """Drop the chunk with the finish reason, and the usage that rides on it or follows."""
    messages = [c for c in by_message(cassette) if not _finishes(c.data)]
    return _with_chunks(cassette, messages)


def in_utf8(cassette: Cassette) -> Cassette:
    """Write the text in raw UTF-8, and cut inside each character of several bytes."""
    cuts: list[TransferChunk] = []
    for message in by_message(cassette):
        raw = _raw_utf8(message.data)
        inside = [index for index, byte in enumerate(raw) if 0x80 <= byte < 0xC0]
        cuts += (
            TransferChunk(message.t, raw[start:stop])
            for start, stop in pairwise([0, *inside, len(raw)])
        )
    return _with_chunks(cassette, cuts)


def merged(cassette: Cassette, count: int) -> Cassette:
    """Send *count* chunks as one, when the last of them was due."""
    groups = [cassette.chunks[i : i + count] for i in range(0, len(cassette.chunks), count)]
    joined = [TransferChunk(g[-1].t, b"".join(c.data for c in g)) for g in groups]
    return _with_chunks(cassette, joined)


def by_message(cassette: Cassette) -> list[TransferChunk]:
    """Return the body's messages as one chunk each, a rest last; due when the last chunk was."""
    at = cassette.chunks[-1].t if cassette.chunks else cassette.end.t
    *whole, rest = cassette.body.split(b"\n\n")
    messages = [TransferChunk(at, message + b"\n\n") for message in whole]
    return [*messages, TransferChunk(at, rest)] if rest else messages


def _finishes(message: bytes) -> bool:
    chunk = _json_of(message)
    if not isinstance(chunk, dict):
        return False
    return bool(chunk.get("usage")) or any(c.get("finish_reason") for c in chunk["choices"])


def _raw_utf8(message: bytes) -> bytes:
    chunk = _json_of(message)
    if chunk is None:
        return message
    return b"data: " + json.dumps(chunk, ensure_ascii=False).encode() + b"\n\n"


def _json_of(message: bytes) -> Any:
    try:
        return json.loads(message.removeprefix(b"data: "))
    except ValueError:
        return None


def _with_chunks(cassette: Cassette, chunks: Sequence[TransferChunk]) -> Cassette:
    whole = tuple(chunk for chunk in chunks if chunk.data)
    return stamp(msgspec.structs.replace(cassette, chunks=whole))


def _with_headers(
    cassette: Cassette, dropped: Iterable[str], added: tuple[tuple[str, str], ...]
) -> Cassette:
    response = cassette.header.response
    kept = [(name, value) for name, value in response.headers if name.lower() not in dropped]
    return _reframed(cassette, headers=(*kept, *added))


def _reframed(cassette: Cassette, **fields: Any) -> Cassette:
    response = msgspec.structs.replace(cassette.header.response, **fields)
    header = msgspec.structs.replace(cassette.header, response=response)
    return msgspec.structs.replace(cassette, header=header)
