"""Which ends of streams are asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from mlx_relay.cli.logs_filter import Filter, parse_since
from unit.cli.log_samples import NOON, end

RECORD = end("s1", 5, kind="error", code="upstream_timeout", cause="idle")


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(user="ada", profile="qwen"),
        Filter(outcome="error"),
        Filter(outcome="upstream_timeout"),
        Filter(since=NOON),
    ],
)
def test_what_fits_is_taken(wanted: Filter) -> None:
    assert wanted.takes(RECORD)


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(user="bob"),
        Filter(user="ada", profile="llama"),
        Filter(outcome="done"),
        Filter(outcome="upstream_busy"),
        Filter(since=NOON + timedelta(hours=1)),
    ],
)
def test_what_does_not_fit_is_left(wanted: Filter) -> None:
    assert not wanted.takes(RECORD)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("90s", NOON - timedelta(seconds=90)),
        ("15m", NOON - timedelta(minutes=15)),
        ("2h", NOON - timedelta(hours=2)),
        ("1w", NOON - timedelta(days=7)),
        ("2026-01-02", datetime(2026, 1, 2, tzinfo=UTC)),
        ("2026-01-02T14:00+02:00", NOON),
    ],
)
def test_an_age_or_a_time_is_a_time(text: str, time: datetime) -> None:
    assert parse_since(text, NOON) == time


@pytest.mark.parametrize("text", ["", "2", "h", "-1h", "yesterday", "2026-13-01"])
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_since(text, NOON)
