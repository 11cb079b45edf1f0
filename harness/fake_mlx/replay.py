"""A cassette in, a plan out: which bytes go out at which moment, and how the connection ends.

Faults are laid over plans. Moments are seconds since the request was fully received.
"""

import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import Final, Literal, TypeAlias
from zlib import crc32

import msgspec

from fake_mlx.chunked import TERMINATOR, frame
from fake_mlx.exchange import Cassette, Response, TransferChunk
from fake_mlx.http1 import response_head

Rechunk: TypeAlias = int | Literal["whole", "random"]
AtEnd: TypeAlias = Literal["keep-alive", "close", "reset"]

ORIGINAL_SPEED: Final = 1.0
FULL_SPEED: Final = math.inf
UNKNOWN: Final = -1
_LARGEST_WRITE: Final = 64 * 1024


class Piece(msgspec.Struct, frozen=True):
    """Bytes that go out at the moment *at*; *size* of them are the body's (0: head, framing).

    *checksum* is the CRC-32 of those.
    """

    at: float
    data: bytes
    size: int = 0
    checksum: int = UNKNOWN


class Again(msgspec.Struct, frozen=True):
    """What goes out for ever, every *seconds*, once the pieces are sent."""

    seconds: float
    data: bytes
    size: int


class Batch(msgspec.Struct, frozen=True):
    """Pieces that travel in one write; *sizes* and *checksums* are those of the body's."""

    at: float
    data: bytes
    sizes: tuple[int, ...]
    checksums: tuple[int, ...]


class Plan(msgspec.Struct, frozen=True):
    """One replay. *batches* are the same bytes as *pieces*, where nothing must be waited for."""

    pieces: tuple[Piece, ...]
    ends_at: float
    at_end: AtEnd
    batches: tuple[Batch, ...] = ()
    again: Again | None = None


class Pace(msgspec.Struct, frozen=True):
    """How to replay: *speed* 2 is twice as fast; *rechunk* cuts the body anew, None as recorded.

    A random cut depends on *seed*, the cassette's name and how often it was replayed before, not
    on what else is going on.
    """

    speed: float = ORIGINAL_SPEED
    rechunk: Rechunk | None = None
    seed: int = 0


def make_plan(cassette: Cassette, pace: Pace, ordinal: int = 0) -> Plan:
    """Return how *cassette* goes out for the *ordinal*-th time."""
    cut = f"{pace.seed}/{cassette.header.name}/{ordinal}"
    chunks = recut(cassette.chunks, pace.rechunk, random.Random(cut))  # noqa: S311 - not secret
    pieces = [
        msgspec.structs.replace(piece, at=piece.at / pace.speed)
        for piece in _pieces(cassette, chunks)
    ]
    coalesce = pace.speed == FULL_SPEED and pace.rechunk is None
    batches = tuple(batched(pieces)) if coalesce else ()
    return Plan(tuple(pieces), cassette.end.t / pace.speed, _at_end(cassette), batches)


def batched(pieces: Sequence[Piece]) -> Iterator[Batch]:
    """Join *pieces* to writes of a bounded size, each due when its first piece is."""
    start = size = 0
    for stop, piece in enumerate(pieces, 1):
        size += len(piece.data)
        if size >= _LARGEST_WRITE or stop == len(pieces):
            joined = pieces[start:stop]
            of_body = [piece for piece in joined if piece.size]
            yield Batch(
                joined[0].at,
                b"".join(piece.data for piece in joined),
                tuple(piece.size for piece in of_body),
                tuple(piece.checksum for piece in of_body),
            )
            start, size = stop, 0


def recut(
    chunks: Sequence[TransferChunk], rechunk: Rechunk | None, draw: random.Random
) -> Sequence[TransferChunk]:
    """Return the same bytes in other chunks, each due when its last byte was."""
    if rechunk is None or not chunks:
        return chunks
    body = b"".join(chunk.data for chunk in chunks)
    ends = list(accumulate(len(chunk.data) for chunk in chunks))
    cuts = [0, *_cuts(len(body), rechunk, draw), len(body)]
    return [
        TransferChunk(chunks[bisect_left(ends, stop)].t, body[start:stop])
        for start, stop in pairwise(cuts)
    ]


def parse_speed(text: str) -> float:
    """Return the speed that ``original``, ``max`` or a factor names; raises ValueError."""
    named = {"original": ORIGINAL_SPEED, "max": FULL_SPEED}
    if text in named:
        return named[text]
    factor = float(text)
    if not 0 < factor < math.inf:
        raise ValueError("a factor is above 0")
    return factor


def parse_rechunk(text: str) -> Rechunk:
    """Return the cut that ``whole``, ``random`` or ``bytes:N`` names; raises ValueError."""
    named: dict[str, Rechunk] = {"whole": "whole", "random": "random"}
    if text in named:
        return named[text]
    kind, _, count = text.partition(":")
    if kind != "bytes" or int(count) < 1:
        raise ValueError("not whole, random or bytes:N")
    return int(count)


def _cuts(length: int, rechunk: Rechunk, draw: random.Random) -> Iterator[int]:
    if rechunk == "whole":
        return
    position = 0
    while True:
        # Widths of very different sizes, so that single bytes and whole events both occur.
        position += (
            rechunk if isinstance(rechunk, int) else draw.randint(1, draw.choice((2, 32, 512)))
        )
        if position >= length:
            return
        yield position


def _pieces(cassette: Cassette, chunks: Sequence[TransferChunk]) -> Iterator[Piece]:
    response = cassette.header.response
    if response.status is None or cassette.head is None:
        return
    yield Piece(cassette.head.t, _head(response, response.status, cassette))
    for chunk in chunks:
        framed = frame(chunk.data) if response.framing == "chunked" else chunk.data
        yield Piece(chunk.t, framed, len(chunk.data), crc32(chunk.data))
    if response.framing == "chunked" and cassette.end.end == "eof":
        yield Piece(cassette.end.t, TERMINATOR)


def _head(response: Response, status: int, cassette: Cassette) -> bytes:
    """Return the head as it was recorded, with a Content-Length that is right for a whole body."""
    headers = [
        (name, str(cassette.header.bytes))
        if name.lower() == "content-length" and cassette.end.end == "eof"
        else (name, value)
        for name, value in response.headers
    ]
    return response_head(response.http, status, response.reason, headers)


def _at_end(cassette: Cassette) -> AtEnd:
    response, end = cassette.header.response, cassette.end.end
    if end == "reset":
        return "reset"
    wishes = [value.lower() for name, value in response.headers if name.lower() == "connection"]
    lasts = end == "eof" and response.http == "1.1" and response.framing != "close"
    return "keep-alive" if lasts and "close" not in wishes else "close"
