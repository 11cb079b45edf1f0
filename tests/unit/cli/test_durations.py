"""Lengths of time as people type them."""

from datetime import timedelta

import pytest

from mlx_relay.cli.durations import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("15m", 900), ("2h", 7_200), ("30d", 2_592_000), ("1w", 604_800), ("0s", 0)],
)
def test_a_number_and_a_unit_are_a_length_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "1", "d", "-1d", "1.5h", "1y", "1 d", "1234567s", "2026-01-31"]
)
def test_other_text_is_none(text: str) -> None:
    assert parse_duration(text) is None
