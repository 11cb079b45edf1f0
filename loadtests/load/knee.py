"""The steps of a ramp in; the highest rate that the relay still bore out."""

import math
from typing import Final

import msgspec

from load.recorder import Recorder
from load.schedule import STEPS

SLOWER: Final = 5.0
"""A step whose 99th percentile is so many times the first one's is beyond the knee."""
FLOOR_MS: Final = 50.0
"""Below that no step is: a pause of the machine is no knee."""


class Step(msgspec.Struct):
    """One step of the ramp: visitors a second, and how late the first event came."""

    rate: float
    first_event_p99_ms: float
    failed: int
    beyond: bool


def steps(recorder: Recorder, rate: float, slots_a_step: int) -> list[Step]:
    """Return the steps that are over; once one is beyond the knee, the last."""
    found: list[Step] = []
    for number in range(STEPS):
        slots = range(number * slots_a_step, (number + 1) * slots_a_step)
        if slots.stop > recorder.slot_now() or (found and found[-1].beyond):
            break
        found.append(_step(recorder, rate * (number + 1), slots, found))
    return found


def knee(found: list[Step]) -> float:
    """Return the rate of the last step before the knee; nan when not even the first was borne."""
    return max((step.rate for step in found if not step.beyond), default=math.nan)


def _step(recorder: Recorder, rate: float, slots: range, before: list[Step]) -> Step:
    p99 = recorder.histogram("first_event", slots).quantile(0.99) / 1e3
    failed = recorder.count_in("failed", slots)
    most = max(FLOOR_MS, SLOWER * before[0].first_event_p99_ms) if before else math.inf
    return Step(rate, p99, failed, beyond=failed > 0 or p99 > most)
