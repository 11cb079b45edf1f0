"""Arrivals are the same for the same seed, as many as the rate says, and follow the shape."""

import pytest

from load.schedule import MIX, SHAPES, arrivals


def count_between(shape: str, low: float, high: float) -> int:
    return sum(low <= a.at < high for a in arrivals(shape, 50, 100, "1"))


@pytest.mark.parametrize("shape", SHAPES)
def test_the_same_seed_gives_the_same_arrivals(shape: str) -> None:
    first = list(arrivals(shape, 5, 20, "7"))
    assert first == list(arrivals(shape, 5, 20, "7"))
    assert first != list(arrivals(shape, 5, 20, "8"))


@pytest.mark.parametrize("shape", SHAPES)
def test_arrivals_come_in_order_and_within_the_run(shape: str) -> None:
    at = [a.at for a in arrivals(shape, 5, 20, "7")]
    assert at == sorted(at)
    assert 0 < at[0] < at[-1] < 20


def test_a_steady_run_has_the_rate_that_was_asked_for() -> None:
    assert count_between("steady", 0, 100) == pytest.approx(5000, rel=0.05)


def test_a_ramp_ends_at_eight_times_its_first_rate() -> None:
    assert count_between("ramp", 0, 12.5) == pytest.approx(50 * 12.5, rel=0.15)
    assert count_between("ramp", 87.5, 100) == pytest.approx(8 * 50 * 12.5, rel=0.1)


def test_a_spike_is_five_times_the_rate_for_a_tenth_of_the_run() -> None:
    assert count_between("spike", 40, 50) == pytest.approx(5 * 500, rel=0.1)
    assert count_between("spike", 50, 60) == pytest.approx(500, rel=0.15)


def test_every_kind_of_visitor_comes() -> None:
    assert {a.kind for a in arrivals("steady", 50, 100, "1")} == set(MIX)
