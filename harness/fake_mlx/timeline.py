"""A cassette in; a row for its head, for each transfer chunk and for its end out, to look at.

What a chunk is goes by its fields: text between tags is shown as the answer that it was sent as.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from fake_mlx.exchange import Cassette, TransferChunk
from fake_mlx.sse_text import messages, parsed, said

Kind: TypeAlias = Literal["head", "thinking", "answer", "call", "other", "end"]

BAR_WIDTH: Final = 12

_SHOWN: Final = 60
_SHORTEST_GAP: Final = 0.001


class Row(NamedTuple):
    """One moment; the *bar* grows with the logarithm of the gap before it."""

    at: float
    bar: str
    size: int
    kind: Kind
    text: str


def timeline(cassette: Cassette) -> list[Row]:
    """Return the rows of *cassette*, free of control characters."""
    return list(_rows(cassette))


def _rows(cassette: Cassette) -> Iterator[Row]:
    before = 0.0
    if cassette.head:
        before = cassette.head.t
        response = cassette.header.response
        yield Row(before, _bar(before), 0, "head", _clean(f"{response.status} {response.reason}"))
    for chunk in cassette.chunks:
        kind, text = _said(chunk)
        yield Row(chunk.t, _bar(chunk.t - before), len(chunk.data), kind, _clean(text))
        before = chunk.t
    end = cassette.end
    yield Row(end.t, _bar(end.t - before), 0, "end", f"{end.end} by {end.by}")


def _bar(gap: float) -> str:
    steps = math.log2(max(gap, _SHORTEST_GAP) / _SHORTEST_GAP)
    return "█" * min(BAR_WIDTH, round(steps))


def _said(chunk: TransferChunk) -> tuple[Kind, str]:
    """Return what *chunk* is, by the last message that says something, and all that it says."""
    kind: Kind = "other"
    texts = []
    for _, data in messages(chunk.data):
        text, delta = said(data), _delta(parsed(data))
        texts.append(text)
        if delta.get("tool_calls"):
            kind = "call"
            texts.append(str(delta["tool_calls"]))
        elif text:
            kind = "answer" if delta.get("content") else "thinking"
    return kind, "".join(texts) or chunk.data.decode("utf-8", "replace").strip()


def _delta(message: Mapping[str, Any]) -> Mapping[str, Any]:
    match message:
        case {"choices": [{"delta": dict() as delta}, *_]}:
            return delta
        case _:
            return {}


def _clean(text: str) -> str:
    shown = "".join(char if char.isprintable() else "·" for char in text)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
