"""What a recorder holds in; verdicts out: what was found, what is allowed, kept or missed."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from load.recorder import Recorder

LIMITS: Final[Mapping[str, float]] = {
    "streams that failed": 0,
    "streams with another text": 0,
    "load tools that did not finish": 0,
    "first event p99 ms": 500,
    "added to the first answer p50 ms": 15,
    "added to the first answer p90 ms": 100,
    "added to a gap p99 ms": 50,
    "load tool late p99 ms": 200,
}
"""Highest allowed. A shared machine of two cores must bear them: they tell broken from whole, the
bars of ``make bench`` tell fast from slow."""

OF_ANY_SHAPE: Final = frozenset(list(LIMITS)[:2])
"""A ramp goes beyond what the machine bears: only what must hold there too is judged."""


class Verdict(msgspec.Struct):
    """One threshold: what was found, and the most that is allowed."""

    name: str
    found: float
    limit: float

    @property
    def kept(self) -> bool:
        """Nothing found (nan) is a miss: what was not measured was not shown."""
        return self.found <= self.limit


def judge(
    recorder: Recorder, shape: str, dispatchers: int, limits: Mapping[str, float]
) -> list[Verdict]:
    """Judge a run of so many *dispatchers*; *limits* replace those of the table."""
    unfinished = dispatchers - recorder.total("finished")
    found = dict(_findings(recorder)) | {"load tools that did not finish": unfinished}
    judged = [name for name in LIMITS if shape != "ramp" or name in OF_ANY_SHAPE]
    return [Verdict(name, found[name], limits.get(name, LIMITS[name])) for name in judged]


def added_ms(recorder: Recorder, part: float, slots: range | None = None) -> float:
    """Return how much later than without the relay the first piece of an answer comes."""
    relayed = recorder.histogram("first_answer/plain", slots)
    direct = recorder.histogram("first_answer/direct", slots)
    return (relayed.quantile(part) - direct.quantile(part)) / 1e3


def _findings(recorder: Recorder) -> Iterator[tuple[str, float]]:
    yield "streams that failed", recorder.total("failed")
    yield "streams with another text", recorder.total("wrong")
    yield "first event p99 ms", recorder.histogram("first_event").quantile(0.99) / 1e3
    yield "added to the first answer p50 ms", added_ms(recorder, 0.5)
    yield "added to the first answer p90 ms", added_ms(recorder, 0.9)
    gaps = [recorder.histogram(name).quantile(0.99) / 1e3 for name in ("gap/plain", "gap/direct")]
    yield "added to a gap p99 ms", gaps[0] - gaps[1]
    yield "load tool late p99 ms", recorder.histogram("late").quantile(0.99) / 1e3
