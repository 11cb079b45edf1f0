"""A run is judged by what it found; what was not measured was not shown."""

import math
import time
from collections.abc import Mapping

from load.recorder import Recorder
from load.thresholds import LIMITS, Verdict, added_ms, judge


def good_run() -> Recorder:
    recorder, now = Recorder(1.0), time.monotonic()
    for metric, micros in (
        ("first_event", 5_000),
        ("first_answer/plain", 12_000),
        ("first_answer/direct", 10_000),
        ("gap/plain", 1_100),
        ("gap/direct", 1_000),
        ("late", 300),
    ):
        recorder.note(metric, micros, now)
    recorder.count("finished", now)
    return recorder


def missed(
    recorder: Recorder, shape: str = "steady", limits: Mapping[str, float] = LIMITS
) -> list[str]:
    return [v.name for v in judge(recorder, shape, 1, limits) if not v.kept]


def test_a_good_run_keeps_every_threshold() -> None:
    assert missed(good_run()) == []


def test_one_stream_with_another_text_is_a_miss_in_every_shape() -> None:
    recorder = good_run()
    recorder.count("wrong", time.monotonic())
    for shape in ("steady", "ramp"):
        assert missed(recorder, shape) == ["streams with another text"]


def test_a_slow_relay_is_a_miss_but_not_at_the_end_of_a_ramp() -> None:
    recorder = good_run()
    recorder.note("first_event", 5_000_000, time.monotonic())
    assert missed(recorder) == ["first event p99 ms"]
    assert missed(recorder, "ramp") == []


def test_a_run_that_measured_nothing_is_no_good_run() -> None:
    assert "first event p99 ms" in missed(Recorder(1.0))
    assert not Verdict("x", math.nan, 1.0).kept


def test_a_load_tool_that_did_not_finish_is_told() -> None:
    [verdict] = [v for v in judge(good_run(), "soak", 2, {}) if not v.kept]
    assert (verdict.name, verdict.found) == ("load tools that did not finish", 1)


def test_a_threshold_can_be_another() -> None:
    assert missed(good_run(), limits={"first event p99 ms": 1.0}) == ["first event p99 ms"]
    assert set(LIMITS) == {v.name for v in judge(good_run(), "steady", 1, {})}


def test_what_the_relay_adds_is_the_difference_to_the_fake_itself() -> None:
    assert round(added_ms(good_run(), 0.5), 1) == 2.0
