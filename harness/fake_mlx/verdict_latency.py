"""One request on both sides of a proxy in; how much later each chunk arrived than it was sent out.

A chunk has arrived when the client has as many bytes as were sent up to its end; where a proxy
speaks events of its own, as much text.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import TypeAlias

from fake_mlx.sse_text import messages, said
from fake_mlx.verdict_pairs import Pair

Position: TypeAlias = tuple[int, float]


def added(pair: Pair, bodies: Mapping[int, bytes] | None) -> list[float]:
    """Return the seconds that each chunk took; with *bodies* as text, else as bytes."""
    entry = pair.entries[0]
    sent = list(zip(accumulate(entry.sent_sizes), entry.sent_at, strict=True))
    moments = [at for at, _ in pair.request.reads]
    sizes = accumulate(len(data) for _, data in pair.request.reads)
    came = list(zip(sizes, moments, strict=True))
    if bodies is not None:
        body = bodies.get(entry.id, b"")
        sent, came = _in_text(body, sent), _in_text(pair.request.body, came)
        if sent[-1:] and came[-1:] and sent[-1][0] != came[-1][0] and pair.request.left is None:
            return []
    return list(_delays(sent, came))


def quantile(delays: Sequence[float], share: float) -> float:
    """Return the delay below which *share* of the sorted *delays* are."""
    return delays[min(len(delays) - 1, int(share * len(delays)))]


def _in_text(body: bytes, positions: Sequence[Position]) -> list[Position]:
    """Return *positions* counted in characters of text, where text was added."""
    found: list[Position] = []
    places = [place for place, _ in positions]
    length = 0
    for end, data in messages(body):
        text, index = said(data), bisect_left(places, end)
        if text and index < len(places):
            length += len(text)
            found.append((length, positions[index][1]))
    return found


def _delays(sent: Sequence[Position], came: Sequence[Position]) -> list[float]:
    sizes = [size for size, _ in came]
    arrived = [(bisect_left(sizes, size), at) for size, at in sent]
    return [came[index][1] - at for index, at in arrived if index < len(came)]
