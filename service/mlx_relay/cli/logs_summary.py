"""Ends of streams in; one row of figures for each profile, and a table of them, out. Pure."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import msgspec
from rich.table import Table

from mlx_relay.cli.logs_rows import completion_tokens, generation_seconds
from mlx_relay.cli.printable import one_line
from mlx_relay.sinks.records import RecordedKind, StreamEnded


class ProfileSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How the streams of *profile* went; times in seconds, None when there is none to tell of."""

    profile: str
    streams: int
    outcomes: dict[RecordedKind, int]
    errors: dict[str, int]
    first_event_p50: float | None
    first_event_p95: float | None
    completion_tokens: int
    tokens_per_second: float | None


class _Sums:
    def __init__(self) -> None:
        self.outcomes: Counter[RecordedKind] = Counter()
        self.errors: Counter[str] = Counter()
        self.first_events: list[float] = []
        self.tokens = 0
        self.timed_tokens = 0
        self.seconds = 0.0

    def add(self, record: StreamEnded) -> None:
        self.outcomes[record.kind] += 1
        if record.kind == "error" and record.code:
            self.errors[record.code] += 1
        if record.first_event is not None:
            self.first_events.append(record.first_event)
        tokens, seconds = completion_tokens(record), generation_seconds(record)
        self.tokens += tokens or 0
        if tokens and seconds:
            self.timed_tokens += tokens
            self.seconds += seconds

    def summary(self, profile: str) -> ProfileSummary:
        self.first_events.sort()
        return ProfileSummary(
            profile=profile,
            streams=self.outcomes.total(),
            outcomes=dict(self.outcomes),
            errors=dict(self.errors.most_common()),
            first_event_p50=percentile(self.first_events, 50),
            first_event_p95=percentile(self.first_events, 95),
            completion_tokens=self.tokens,
            tokens_per_second=self.timed_tokens / self.seconds if self.seconds else None,
        )


def summarize(records: Iterable[StreamEnded]) -> list[ProfileSummary]:
    """Return the figures of each profile; the one with the most streams comes first."""
    sums: dict[str, _Sums] = {}
    for record in records:
        sums.setdefault(record.profile, _Sums()).add(record)
    summaries = [of_profile.summary(name) for name, of_profile in sums.items()]
    return sorted(summaries, key=lambda summary: (-summary.streams, summary.profile))


def percentile(ordered: Sequence[float], percent: int) -> float | None:
    """Return the smallest of *ordered* that so many percent do not exceed."""
    if not ordered:
        return None
    return ordered[math.ceil(len(ordered) * percent / 100) - 1]


def table(summaries: Iterable[ProfileSummary]) -> Table:
    """Return *summaries* as a table without lines, which ``awk`` can read too."""
    result = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    result.add_column("PROFILE", no_wrap=True)
    for name in ("STREAMS", "DONE", "ERROR", "GONE", "LOST", "FIRST P50", "P95", "TOKENS", "TOK/S"):
        result.add_column(name, justify="right", no_wrap=True)
    result.add_column("ERRORS")
    for summary in summaries:
        kinds: tuple[RecordedKind, ...] = ("done", "error", "client_gone", "lost")
        result.add_row(
            one_line(summary.profile),
            str(summary.streams),
            *(str(summary.outcomes.get(kind, 0)) for kind in kinds),
            _number(summary.first_event_p50, ".2fs"),
            _number(summary.first_event_p95, ".2fs"),
            str(summary.completion_tokens),
            _number(summary.tokens_per_second, ".1f"),
            one_line(" ".join(f"{code}={count}" for code, count in summary.errors.items())) or "-",
        )
    return result


def _number(value: float | None, form: str) -> str:
    unit = form.lstrip(".0123456789f")
    return "-" if value is None else f"{value:{form.removesuffix(unit)}}{unit}"
