"""Entries of a journal and a client's requests in; which entries each request caused out."""

from collections.abc import Sequence

import msgspec

from fake_mlx.client_record import ClientRequest


class Upstream(msgspec.Struct, frozen=True):
    """What the verdict needs of a journal's entry; the last three come with ``?stamps=1``."""

    id: int
    method: str
    started: float
    state: str
    finished: float | None = None
    bytes: int = 0
    unsent_chunks: int | None = None
    cassette: str | None = None
    faults: list[str] = []
    sent_at: list[float] = []
    sent_sizes: list[int] = []
    sent_checksums: list[int] = []


class Pair(msgspec.Struct):
    """A client's *request* and the upstream requests that it caused, the first one first."""

    request: ClientRequest
    entries: list[Upstream] = []


def pair_up(
    entries: Sequence[Upstream], requests: Sequence[ClientRequest]
) -> tuple[list[Pair], list[Upstream]]:
    """Return a pair for each request, and the entries that no open request can have caused.

    An entry belongs to the first open request that has none; if all have one, to the newest.
    """
    pairs = [Pair(request) for request in sorted(requests, key=lambda request: request.asked)]
    strays = []
    for entry in sorted(entries, key=lambda entry: entry.started):
        if entry.method != "POST":
            continue
        open_ones = [pair for pair in pairs if _was_open(pair.request, entry.started)]
        free = [pair for pair in open_ones if not pair.entries]
        if open_ones:
            (free[0] if free else open_ones[-1]).entries.append(entry)
        else:
            strays.append(entry)
    return pairs, strays


def _was_open(request: ClientRequest, at: float) -> bool:
    over = [moment for moment in (request.left, request.ended) if moment is not None]
    return request.asked <= at and all(at <= moment for moment in over)
