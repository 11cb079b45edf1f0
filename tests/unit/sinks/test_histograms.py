"""Tallies count as Prometheus does, and give quantiles that are right to a bucket."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Histogram

from mlx_relay.sinks.histograms import TalliedHistogram, Tally, quantile

BOUNDS = (0.1, 1.0, 10.0)


def tally(*values: float) -> Tally:
    counted = Tally(BOUNDS)
    for value in values:
        counted.observe(value)
    return counted


@given(st.lists(st.floats(0, 100) | st.sampled_from(BOUNDS)))
def test_a_histogram_that_takes_a_tally_is_one_that_observed_each_value(
    values: list[float],
) -> None:
    one_by_one, at_once = CollectorRegistry(), CollectorRegistry()
    histogram = Histogram("h", "h", buckets=BOUNDS, registry=one_by_one)
    for value in values:
        histogram.observe(value)
    taken = tally(*values)
    TalliedHistogram("h", "h", buckets=BOUNDS, registry=at_once).take(taken)
    for name in ("h_count", "h_bucket"):
        for bound in ("0.1", "1.0", "10.0", "+Inf"):
            labels = {"le": bound} if name == "h_bucket" else {}
            expected = one_by_one.get_sample_value(name, labels)
            assert at_once.get_sample_value(name, labels) == expected
    assert at_once.get_sample_value("h_sum") == one_by_one.get_sample_value("h_sum")
    assert (taken.counts, taken.total) == ([0, 0, 0, 0], 0.0)


@given(st.lists(st.floats(0.001, 10), min_size=1), st.sampled_from([0.5, 0.95, 1.0]))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values: list[float], share: float) -> None:
    ordered = sorted(values)
    rank = next(n for n in range(1, len(ordered) + 1) if n >= share * len(ordered))
    found = quantile([tally(*values)], share)
    assert found is not None
    assert bisect_left(BOUNDS, found) == bisect_left(BOUNDS, ordered[rank - 1])


def test_several_tallies_are_one() -> None:
    assert quantile([tally(0.5), tally(0.5, 5.0)], 0.5) == quantile([tally(0.5, 0.5, 5.0)], 0.5)


@pytest.mark.parametrize("tallies", [[], [tally()], [tally(), tally()]])
def test_no_values_have_no_quantile(tallies: list[Tally]) -> None:
    assert quantile(tallies, 0.5) is None


def test_what_is_beyond_the_last_bound_is_the_last_bound() -> None:
    assert quantile([tally(1000.0)], 0.5) == 10.0
