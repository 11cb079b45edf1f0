"""The buckets are narrow enough to tell what a relay adds, and can be sent and added."""

import math

from hypothesis import given
from hypothesis import strategies as st

from load.histograms import Histogram, merged


def of(*micros: float) -> Histogram:
    histogram = Histogram()
    for value in micros:
        histogram.record(value)
    return histogram


@given(st.integers(min_value=0, max_value=10**10))
def test_a_value_comes_back_within_half_a_percent(micros: int) -> None:
    assert abs(of(micros).quantile(1.0) - micros) <= micros * 0.005


@given(st.lists(st.integers(min_value=0, max_value=10**7), min_size=1))
def test_a_quantile_is_the_value_of_its_rank_within_a_percent(values: list[int]) -> None:
    exact = sorted(values)[math.ceil(0.9 * len(values)) - 1]
    assert abs(of(*values).quantile(0.9) - exact) <= exact * 0.01


def test_microseconds_below_256_are_exact() -> None:
    assert [of(micros).quantile(0.5) for micros in range(300)][:256] == list(range(256))


def test_nothing_recorded_has_no_quantile() -> None:
    assert math.isnan(of().quantile(0.5))


def test_what_two_workers_saw_adds_up() -> None:
    both = merged([of(1, 2), of(3, 4_000_000)])
    assert both.count == 4
    assert both.to_json() == of(1, 2, 3, 4_000_000).to_json()


def test_a_histogram_survives_the_way_to_the_master() -> None:
    histogram = of(5, 70_000, 8_000_000)
    assert Histogram.from_json(histogram.to_json()).to_json() == histogram.to_json()


def test_a_timer_that_wakes_early_was_not_late() -> None:
    assert of(-3).quantile(1.0) == 0
