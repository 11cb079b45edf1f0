"""A fake's journal and a client's record in; a judgement of the proxy between them out.

One ruling per rule. A rule that there was nothing to judge by is not broken.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Literal, TypeAlias

import msgspec

from fake_mlx.client_record import ClientRequest
from fake_mlx.sse_text import messages, parsed
from fake_mlx.verdict_latency import added, quantile
from fake_mlx.verdict_pairs import Pair, Upstream, pair_up
from fake_mlx.verdict_rules import delivery, ending, wording

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
    bodies: Mapping[int, bytes] | None = None,
    speaks: Speaks | None = None,
    closed_within_ms: float = CLOSED_WITHIN_MS,
) -> Verdict:
    """Return the verdict on the proxy between *journal* (with stamps) and *requests*.

    *bodies* are those that the entries sent, by their ids: by them the text of a proxy that speaks
    events is judged and timed. What it *speaks* is seen from its answers if it is not said. Raises
    msgspec.ValidationError for what is no journal.
    """
    entries = msgspec.convert(list(journal), list[Upstream])
    pairs, strays = pair_up(entries, requests)
    spoken = speaks or _spoken(requests)
    return Verdict(
        (
            _one_each(pairs, strays),
            _no_late_retry(pairs),
            _delivered(pairs) if spoken == "bytes" else _told(pairs, bodies or {}),
            _one_terminal(pairs, spoken),
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


def _told(pairs: Sequence[Pair], bodies: Mapping[int, bytes]) -> Ruling:
    known = [pair for pair in pairs if pair.entries and pair.entries[-1].id in bodies]
    found = [
        (pair.request.name, wording(pair.request, entry, bodies[entry.id]))
        for pair in known
        for entry in pair.entries[-1:]
    ]
    broken = [f"request {name}: {problem}" for name, problem in found if problem]
    fine = f"{len(found)} streams" if found else "the cassettes are not known"
    return _ruling("all text in order", broken, fine, judged=bool(found))


def _one_terminal(pairs: Sequence[Pair], spoken: Speaks) -> Ruling:
    rule = "exactly one terminal event"
    if spoken == "bytes":
        return Ruling(rule, None, "the server's own end is passed on")
    found = [(pair.request.name, ending(pair.request)) for pair in pairs]
    broken = [f"request {name}: {problem}" for name, problem in found if problem]
    return _ruling(rule, broken, f"{len(found)} streams", judged=bool(found))


def _closed(pairs: Sequence[Pair], within_ms: float) -> Ruling:
    rule = f"upstream closed within {within_ms:g} ms of the client's leaving"
    left = [(pair.request, entry) for pair in pairs for entry in _left_behind(pair)]
    found = [(request.name, _delay_ms(request, entry), entry) for request, entry in left]
    broken = [
        f"request {name}: {_what_became_of(entry)} after {delay:.1f} ms"
        for name, delay, entry in found
        if delay > within_ms
    ]
    most = max([0.0, *(delay for _, delay, _ in found)])
    meanwhile = sum(at > (request.left or 0.0) for request, entry in left for at in entry.sent_at)
    spared = sum(entry.unsent_chunks or 0 for _, entry in left)
    fine = f"at most {most:.1f} ms, {meanwhile} chunks went out meanwhile, {spared} never did"
    return _ruling(rule, broken, fine if found else "no client left", judged=bool(found))


def _left_behind(pair: Pair) -> list[Upstream]:
    return pair.entries if pair.request.left is not None else []


def _delay_ms(request: ClientRequest, entry: Upstream) -> float:
    end = math.inf if entry.finished is None else entry.finished
    return (end - (request.left or 0.0)) * 1000


def _what_became_of(entry: Upstream) -> str:
    if entry.finished is None:
        return "still open"
    return "closed" if entry.state == "client_left" else "read to its end"


def _latency(pairs: Sequence[Pair], bodies: Mapping[int, bytes], spoken: Speaks) -> Ruling:
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
