"""The knee is the last rate before the first event comes much later, or streams fail."""

import math
import time

from load.knee import Step, knee, steps
from load.recorder import Recorder


class Later(Recorder):
    """A recorder whose run is long over."""

    def slot_now(self) -> int:
        return 1000


def ramped(*first_event_ms: float) -> Recorder:
    """Return a run whose step of ten slots each had that time to the first event."""
    recorder, now = Later(1.0), time.monotonic()
    for number, ms in enumerate(first_event_ms):
        recorder.note("first_event", ms * 1000, now + 10 * number + 5)
    return recorder


def test_the_knee_lies_before_the_step_that_is_much_slower_than_the_first() -> None:
    found = steps(ramped(20, 22, 30, 900, 20), 2.0, 10)
    assert [step.beyond for step in found] == [False, False, False, True]
    assert knee(found) == 6.0


def test_a_small_pause_of_the_machine_is_no_knee() -> None:
    assert not any(step.beyond for step in steps(ramped(2, 40, 3, 4, 5, 6, 7, 8), 2.0, 10))


def test_streams_that_fail_are_beyond_the_knee() -> None:
    recorder = ramped(20, 20)
    recorder.count("failed", time.monotonic() + 15)
    assert [step.beyond for step in steps(recorder, 2.0, 10)[:2]] == [False, True]


def test_a_step_that_is_not_over_is_not_judged() -> None:
    assert steps(Recorder(1.0), 2.0, 10) == []


def test_without_any_step_there_is_no_knee() -> None:
    assert math.isnan(knee([Step(2.0, 9.0, failed=1, beyond=True)]))
