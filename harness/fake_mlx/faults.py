"""``KIND[@WHERE]`` in, the same replay with that defect out: faults are laid over, never recorded.

A fault acts on the cassette (what was said) or on the plan (the bytes and moments on the wire).
Where nothing says where, the seed decides.
"""

import difflib
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeAlias

import msgspec

from fake_mlx import fault_bodies as bodies
from fake_mlx import fault_wires as wires
from fake_mlx.exchange import Cassette
from fake_mlx.fault_answers import REFUSALS, refuse
from fake_mlx.replay import Plan, recut

OnCassette: TypeAlias = Callable[[Cassette, int], Cassette]
OnPlan: TypeAlias = Callable[[Plan, int], Plan]
Place: TypeAlias = int | str

DEAF: Final = "deaf"
"""Never reads the request: no matter of a replay, the connection sees to it."""

MARK: Final = "!"
"""Between the name of a cassette and the faults to lay over it, in the model of a request."""


class UnknownFault(ValueError):
    """A text that names no fault."""


class Fault(msgspec.Struct, frozen=True):
    """A defect laid over a replay on purpose; *where* None: the fault's own rule, or the seed."""

    kind: str
    where: int | None = None

    def __str__(self) -> str:
        return self.kind if self.where is None else f"{self.kind}@{self.where}"


class Kind(msgspec.Struct, frozen=True):
    """How one kind of fault acts, and what it needs to know: *place* is a number that stands for
    itself, or ``byte`` or ``chunk``, drawn from the body of the cassette."""

    place: Place = 0
    said: OnCassette | None = None
    sent: OnPlan | None = None
    framing: str = ""


def _framed(place: Place, junk: bytes) -> Kind:
    return Kind(place, sent=lambda plan, n: wires.bad_frame(plan, n, junk), framing="chunked")


def _refusal(name: str) -> Kind:
    return Kind(said=lambda cassette, _: refuse(cassette, REFUSALS[name]))


def _ends(place: Place, *messages: bytes) -> Kind:
    return Kind(place, said=lambda cassette, n: bodies.ended_by(cassette, n, *messages))


def _puts(place: Place, *messages: bytes) -> Kind:
    return Kind(place, said=lambda cassette, n: bodies.inserted(cassette, n, *messages))


def _writes(old: bytes, new: bytes) -> Kind:
    return Kind(said=lambda cassette, _: bodies.replaced(cassette, old, new))


def _narrow(cassette: Cassette, width: int) -> Cassette:
    chunks = tuple(recut(cassette.chunks, width, random.Random(0)))  # noqa: S311 - draws nothing
    return msgspec.structs.replace(cassette, chunks=chunks)


FAULTS: Final[dict[str, Kind]] = {
    # before the body
    "refuse": Kind(sent=lambda _plan, _: wires.no_reply(reset=True)),
    "close": Kind(sent=lambda _plan, _: wires.no_reply(reset=False)),
    "hang": Kind(sent=lambda _plan, _: wires.hang()),
    DEAF: Kind(sent=lambda _plan, _: wires.hang()),
    "half_head": Kind(sent=lambda plan, _: wires.half_head(plan)),
    "dribble_head": Kind(2, sent=wires.dribbled_head),
    "bad_status_line": Kind(sent=lambda plan, _: wires.head_line(plan, b"ICY two hundred")),
    "header_flood": Kind(sent=lambda plan, _: wires.many_headers(plan)),
    "garbage": Kind(sent=lambda _plan, _: wires.garbage()),
    "interim": Kind(3, sent=wires.interim),
    "html": Kind(said=lambda cassette, _: bodies.media_type(cassette, "text/html")),
    "no_content_type": Kind(said=lambda cassette, _: bodies.media_type(cassette, None)),
    "gzip": Kind(said=lambda cassette, _: bodies.packed(cassette, honestly=True)),
    "gzip_lie": Kind(said=lambda cassette, _: bodies.packed(cassette, honestly=False)),
    **{name: _refusal(name) for name in REFUSALS},
    # how the body ends
    "fin": Kind("byte", said=lambda c, n: bodies.cut(c, n, "eof"), framing="close"),
    "rst": Kind("byte", said=lambda c, n: bodies.cut(c, n, "reset"), framing="close"),
    "cut": Kind(
        "byte", said=lambda c, n: bodies.cut(c, n, "fin-without-terminator"), framing="chunked"
    ),
    "reset": Kind("byte", said=lambda c, n: bodies.cut(c, n, "reset"), framing="chunked"),
    "no_final_chunk": Kind(
        said=lambda c, _: bodies.ended(c, "fin-without-terminator"), framing="chunked"
    ),
    "empty": Kind(said=lambda c, _: bodies.cut(c, 0, "eof"), framing="chunked"),
    # framing
    "bad_chunk_size": _framed("chunk", b"zz\r\nxx\r\n"),
    "negative_chunk_size": _framed("chunk", b"-5\r\nhello\r\n"),
    "huge_chunk_size": _framed("chunk", b"fffffffffffffffff\r\n"),
    "missing_crlf": _framed("chunk", b"3\r\nabcdef\r\n"),
    "long_chunk_then_silence": _framed("chunk", b"ffffff\r\ndata: {"),
    # pace
    "stall": Kind("chunk", sent=wires.stall),
    "comments": Kind(5, sent=wires.comments, framing="chunked"),
    "endless": Kind(1, sent=wires.endless, framing="chunked"),
    "long_line": Kind(64, sent=wires.long_line, framing="chunked"),
    "one_byte": Kind(1, said=_narrow),
    "merge": Kind(8, said=bodies.merged),
    "split_utf8": Kind(said=lambda cassette, _: bodies.in_utf8(cassette)),
    # what is said
    "cr": _writes(b"\n", b"\r"),
    "crlf": _writes(b"\n", b"\r\n"),
    "bom": Kind(said=lambda cassette, _: bodies.with_bom(cassette)),
    "no_done": _writes(bodies.DONE, b""),
    "double_done": _writes(bodies.DONE, bodies.DONE * 2),
    "no_finish": Kind(said=lambda cassette, _: bodies.without_finish(cassette)),
    "error_frame": _ends("chunk", bodies.ERROR),
    "error_frame_done": _ends("chunk", bodies.ERROR, bodies.STOP, bodies.DONE),
    "busy_frame": _ends("chunk", bodies.BUSY),
    "invalid_json": _puts("chunk", bodies.NOT_JSON),
    "only_invalid_json": _ends("chunk", *[bodies.NOT_JSON] * 8, bodies.DONE),
}

_REFRAMED: Final[dict[str, Callable[[Cassette], Cassette]]] = {
    "chunked": bodies.chunked,
    "close": bodies.close_delimited,
    "": lambda cassette: cassette,
}


def parse_fault(text: str) -> Fault:
    """Return the fault that ``KIND[@WHERE]`` names; raises UnknownFault."""
    kind, at, where = text.partition("@")
    if kind not in FAULTS:
        near = difflib.get_close_matches(kind, FAULTS, 3)
        hint = f"; did you mean {' or '.join(near)}?" if near else f": {', '.join(FAULTS)}"
        raise UnknownFault(f"there is no fault {kind!r}{hint}")
    if not at:
        return Fault(kind)
    if not where.isascii() or not where.isdigit():
        raise UnknownFault(f"{text!r}: the place of a fault is a number, not {where!r}")
    return Fault(kind, int(where))


def parse_model(model: str) -> tuple[str, list[Fault]]:
    """Return the cassette and the faults in ``NAME!KIND[@WHERE]!...``; raises UnknownFault."""
    name, *faults = model.split(MARK)
    return name, [parse_fault(fault) for fault in faults]


def place(fault: Fault, cassette: Cassette, draw: random.Random) -> Fault:
    """Return *fault* with its place: its own, its kind's, or one drawn from the body."""
    if fault.where is not None:
        return fault
    rule = FAULTS[fault.kind].place
    if isinstance(rule, int):
        return msgspec.structs.replace(fault, where=rule) if rule else fault
    size = cassette.header.bytes if rule == "byte" else len(cassette.chunks)
    return msgspec.structs.replace(fault, where=draw.randint(1, max(1, size - 1)))


def lay_over(cassette: Cassette, faults: Sequence[Fault]) -> Cassette:
    """Return *cassette* with what *faults* do to what is said; those that break nothing of it are
    left to ``break_wire``. A recording that is no reply at all stays one."""
    if cassette.header.response.status is None:
        return cassette
    for fault in faults:
        kind = FAULTS[fault.kind]
        cassette = _REFRAMED[kind.framing](cassette)
        if kind.said:
            cassette = kind.said(cassette, fault.where or 0)
    return cassette


def break_wire(plan: Plan, faults: Sequence[Fault]) -> Plan:
    """Return *plan* with what *faults* do to bytes and moments; a plan without a head stays."""
    for fault in faults:
        kind = FAULTS[fault.kind]
        if kind.sent and plan.pieces:
            plan = kind.sent(plan, fault.where or 0)
    return plan


def overlay(
    faults: Sequence[Fault], cassette: Cassette, seed: str
) -> tuple[Cassette, Callable[[Plan], Plan], list[Fault]]:
    """Return the changed cassette, what breaks its plan, and the faults with their places."""
    draw = random.Random(seed)  # noqa: S311 - not secret
    placed = [place(fault, cassette, draw) for fault in faults]
    return lay_over(cassette, placed), partial(break_wire, faults=placed), placed
