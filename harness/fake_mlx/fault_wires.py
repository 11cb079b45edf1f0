"""A plan in, the same plan broken on the wire out: heads, framing, silence, and no end.

*where* counts the body's pieces from 1 where it is a place.
"""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from fake_mlx.chunked import TERMINATOR, frame
from fake_mlx.replay import Again, Piece, Plan

FOREVER: Final = math.inf
COMMENT: Final = b": keepalive\n\n"
TEXT: Final = b'data: {"choices": [{"index": 0, "delta": {"content": "on and on "}}]}\n\n'
LINE_START: Final = b'data: {"choices": [{"index": 0, "delta": {"content": "'
MEGABYTE: Final = 1024 * 1024

_BLOCK: Final = 64 * 1024
_INTERIM: Final = b"HTTP/1.1 100 Continue\r\n\r\n"
_MANY_HEADERS: Final = 5000


def no_reply(*, reset: bool) -> Plan:
    """Close without a byte."""
    return Plan((), 0, "reset" if reset else "close")


def hang() -> Plan:
    """Take the request and never answer."""
    return Plan((), FOREVER, "close")


def half_head(plan: Plan) -> Plan:
    """Close in the middle of the head."""
    head = plan.pieces[0]
    return Plan((Piece(head.at, head.data[: len(head.data) // 2]),), head.at, "close")


def dribbled_head(plan: Plan, milliseconds: int) -> Plan:
    """Send the head byte by byte; all that follows is late by as much."""
    head, *body = plan.pieces
    step = milliseconds / 1000
    late = step * len(head.data)
    drops = [Piece(head.at + step * n, head.data[n : n + 1]) for n in range(len(head.data))]
    moved = [msgspec.structs.replace(piece, at=piece.at + late) for piece in body]
    return _with(plan, [*drops, *moved], ends_at=plan.ends_at + late)


def head_line(plan: Plan, line: bytes) -> Plan:
    """Let *line* be the status line."""
    head, *body = plan.pieces
    rest = head.data.partition(b"\r\n")[2]
    return _with(plan, [msgspec.structs.replace(head, data=line + b"\r\n" + rest), *body])


def many_headers(plan: Plan) -> Plan:
    head, *body = plan.pieces
    flood = b"".join(b"X-Header-%d: 1\r\n" % number for number in range(_MANY_HEADERS))
    changed = head.data.removesuffix(b"\r\n") + flood + b"\r\n"
    return _with(plan, [msgspec.structs.replace(head, data=changed), *body])


def interim(plan: Plan, count: int) -> Plan:
    """Send *count* interim heads before the real one."""
    return _with(plan, [*[Piece(plan.pieces[0].at, _INTERIM)] * count, *plan.pieces])


def garbage() -> Plan:
    """Answer with bytes that are no HTTP at all."""
    return Plan((Piece(0, b"\x16\x03\x01\x00\x05 no HTTP \x00\xff\r\n\r\n"),), 0, "close")


def bad_frame(plan: Plan, where: int, junk: bytes) -> Plan:
    """Send *junk* where the framing of body piece *where* belongs, then nothing, and stay."""
    before = _until(plan, where - 1)
    return _with(before, [*before.pieces, Piece(before.pieces[-1].at, junk)])


def stall(plan: Plan, where: int) -> Plan:
    """Fall silent after *where* pieces of the body, the connection open."""
    return _until(plan, where)


def comments(plan: Plan, milliseconds: int) -> Plan:
    """Send a head, and then comments for ever."""
    return msgspec.structs.replace(_until(plan, 0), again=_again(COMMENT, milliseconds))


def endless(plan: Plan, milliseconds: int) -> Plan:
    """Send a head, and then text for ever."""
    return msgspec.structs.replace(_until(plan, 0), again=_again(TEXT, milliseconds))


def long_line(plan: Plan, megabytes: int) -> Plan:
    """Send one message of *megabytes* on one line; close behind it."""
    block = frame(b"x" * _BLOCK)
    blocks = [Piece(0, block, _BLOCK)] * (megabytes * MEGABYTE // _BLOCK)
    start = Piece(0, frame(LINE_START), len(LINE_START))
    end = Piece(0, frame(b'"}}]}\n\n') + TERMINATOR, 7)
    return Plan((plan.pieces[0], start, *blocks, end), 0, "close")


def _again(data: bytes, milliseconds: int) -> Again:
    return Again(milliseconds / 1000, frame(data), len(data))


def _until(plan: Plan, where: int) -> Plan:
    """Return *plan* up to its body piece *where*, and silence from there on."""
    head, *others = plan.pieces
    body = [piece for piece in others if piece.size][:where]
    return _with(plan, [head, *body], ends_at=FOREVER)


def _with(plan: Plan, pieces: Sequence[Piece], ends_at: float | None = None) -> Plan:
    end = plan.ends_at if ends_at is None else ends_at
    return msgspec.structs.replace(plan, pieces=tuple(pieces), ends_at=end)
