"""Flat is flat and growth is growth, whatever the noise; the warm-up does not count."""

import pytest

from load.leaks import growth, verdicts
from load.samples import Sample


def samples(memory: list[float], files: list[int]) -> list[Sample]:
    both = zip(memory, files, strict=True)
    return [Sample(float(at), {}, mib, count) for at, (mib, count) in enumerate(both)]


def kept(memory: list[float], files: list[int]) -> list[bool]:
    return [verdict.kept for verdict in verdicts(samples(memory, files))]


def test_a_line_rises_by_its_slope_times_its_length() -> None:
    assert growth([5, 7, 9, 11]) == pytest.approx(6)


def test_noise_around_a_level_is_flat() -> None:
    assert kept([100 + n % 3 for n in range(100)], [30 + n % 7 for n in range(100)]) == [True, True]


def test_caches_that_fill_in_the_warm_up_are_no_leak() -> None:
    assert kept([50 + min(n, 20) for n in range(100)], [30] * 100) == [True, True]


def test_memory_that_grows_all_the_time_is_a_leak() -> None:
    assert kept([100 + n / 5 for n in range(100)], [30] * 100) == [False, True]


def test_more_streams_at_the_end_are_no_leak() -> None:
    streams = [n % 3 if n < 60 else n % 10 for n in range(100)]
    assert kept([100.0] * 100, [30 + 2 * n for n in streams]) == [True, True]


def test_files_that_stay_open_are_a_leak() -> None:
    assert kept([100.0] * 100, [30 + n // 10 for n in range(100)]) == [True, False]
