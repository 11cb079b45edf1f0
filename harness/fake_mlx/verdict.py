"""A fake's journal and a client's record in; a judgement of the proxy between them out.

One ruling per rule. A rule that there was nothing to judge by is not broken.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from fake_mlx.client_record import ClientRequest
from fake_mlx.sse_text import messages, parsed
from fake_mlx.verdict_latency import added, quantile
from fake_mlx.verdict_pairs import Pair, Upstream, pair_up
from fake_mlx.verdict_rules import delivery, ending

Speaks: TypeAlias = Literal["bytes", "events"]

CLOSED_WITHIN_MS: Final = 100.0


class Ruling(msgspec.Struct, frozen=True):
    """What was found about one *rule*; *kept* is None where it could not be judged."""

    rule: str
    kept: bool | None
    detail: str

    def __str__(self) -> str:
        word = {True: "kept", False: "BROKEN", None: "-"}[self.kept]
        return f"{word:6}  {self.rule}: {self.detail}"


class Verdict(msgspec.Struct, frozen=True):
    """The rulings on one proxy."""

    rulings: tuple[Ruling, ...]

    @property
    def kept(self) -> bool:
        """Whether no rule is broken."""
        return all(ruling.kept is not False for ruling in self.rulings)

    def __str__(self) -> str:
        return "\n".join(map(str, self.rulings))


def judge(
    journal: Iterable[Mapping[str, Any]],
    requests: Sequence[ClientRequest],
    *,
    bodies: Mapping[str, bytes] | None = None,
    speaks: Speaks | None = None,
    closed_within_ms: float = CLOSED_WITHIN_MS,
) -> Verdict:
    """Return the verdict on the proxy between *journal* (with stamps) and *requests*.

    *bodies* are those of the cassettes by name, to time the text of a proxy that speaks events.
    What it *speaks* is seen from its answers if it is not said. Raises msgspec.ValidationError for
    what is no journal.
    """
    entries = msgspec.convert(list(journal), list[Upstream])
    pairs, strays = pair_up(entries, requests)
    spoken = speaks or _spoken(requests)
    return Verdict(
        (
            _one_each(pairs, strays),
            _no_late_retry(pairs),
            _delivered(pairs) if spoken == "bytes" else _one_terminal(pairs),
            _closed(pairs, closed_within_ms),
            _latency(pairs, bodies or {}, spoken),
        )
    )


def _spoken(requests: Sequence[ClientRequest]) -> Speaks:
    typed = any("type" in parsed(data) for one in requests for _, data in messages(one.body))
    return "events" if typed else "bytes"


def _ruling(rule: str, broken: list[str], fine: str, *, judged: bool = True) -> Ruling:
    if broken:
        return Ruling(rule, False, "; ".join(broken))
    return Ruling(rule, True if judged else None, fine)


def _one_each(pairs: Sequence[Pair], strays: Sequence[Upstream]) -> Ruling:
    broken = [
        f"request {pair.request.name} was made {len(pair.entries)} times"
        for pair in pairs
        if len(pair.entries) != 1
    ]
    broken += [f"upstream request {entry.id} belongs to no client's" for entry in strays]
    return _ruling(
        "one upstream request each", broken, f"{len(pairs)} requests", judged=bool(pairs)
    )


def _no_late_retry(pairs: Sequence[Pair]) -> Ruling:
    broken = []
    for pair in pairs:
        for number, entry in enumerate(pair.entries[1:], 1):
            heard = any(reading < entry.started for reading, _ in pair.request.reads)
            if heard or any(before.bytes for before in pair.entries[:number]):
                broken.append(f"request {pair.request.name} was made again after the first byte")
    return _ruling("no retry after the first byte", broken, "none", judged=bool(pairs))


def _delivered(pairs: Sequence[Pair]) -> Ruling:
    found = [(pair, delivery(pair.request, pair.entries[-1])) for pair in pairs if pair.entries]
    broken = [f"request {pair.request.name}: {problem}" for pair, problem in found if problem]
    size = sum(len(pair.request.body) for pair in pairs)
    return _ruling("every byte in order", broken, f"{size} bytes", judged=bool(found))


def _one_terminal(pairs: Sequence[Pair]) -> Ruling:
    found = [(pair.request.name, ending(pair.request)) for pair in pairs]
    broken = [f"request {name}: {problem}" for name, problem in found if problem]
    return _ruling(
        "exactly one terminal event", broken, f"{len(found)} streams", judged=bool(found)
    )


def _closed(pairs: Sequence[Pair], within_ms: float) -> Ruling:
    rule = f"upstream closed within {within_ms:g} ms of the client's leaving"
    delays, broken = [], []
    for pair in pairs:
        for entry in pair.entries if pair.request.left is not None else ():
            if entry.finished is None:
                broken.append(f"request {pair.request.name}: it was still open")
                continue
            delays.append((entry.finished - (pair.request.left or 0.0)) * 1000)
            if delays[-1] > within_ms:
                went = "closed" if entry.state == "client_left" else "read to its end"
                broken.append(f"request {pair.request.name}: {went} after {delays[-1]:.1f} ms")
    fine = f"at most {max(0.0, *delays):.1f} ms" if delays else "no client left"
    return _ruling(rule, broken, fine, judged=bool(delays))


def _latency(pairs: Sequence[Pair], bodies: Mapping[str, bytes], spoken: Speaks) -> Ruling:
    delays = sorted(
        1000 * delay
        for pair in pairs
        if len(pair.entries) == 1
        for delay in added(pair, bodies if spoken == "events" else None)
    )
    if not delays:
        return Ruling("added latency", None, "nothing to measure by")
    half, most = quantile(delays, 0.5), quantile(delays, 0.99)
    return Ruling(
        "added latency", None, f"p50 {half:.2f} ms, p99 {most:.2f} ms ({len(delays)} events)"
    )
