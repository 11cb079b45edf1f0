"""Figures in; which bars they miss, and which ratios are worse than the committed baseline, out.

All bars but memory and latency are ratios within one run: only those carry over between machines.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

Figures = Mapping[str, Mapping[str, Any]]

NOISE: Final = 1.25
"""How much worse than the baseline a ratio may be before it counts: what two runs differ by."""


class Bar(NamedTuple):
    """*what* of *of*, as a multiple of *what* of *against*, is at most *limit*."""

    what: str
    of: str
    against: str
    limit: float

    def ratio(self, figures: Figures) -> float | None:
        """Return the ratio, None where a side was not measured."""
        if self.of not in figures or self.against not in figures:
            return None
        return figures[self.of][self.what] / max(figures[self.against][self.what], 1e-9)

    def __str__(self) -> str:
        return f"{self.what}: {self.of} / {self.against}"


class Most(NamedTuple):
    """*what* of *of*, less that of *direct* where named, is at most *limit*."""

    what: str
    of: str
    limit: float
    direct: str | None = None

    def value(self, figures: Figures) -> float | None:
        if self.of not in figures or (self.direct and self.direct not in figures):
            return None
        return figures[self.of][self.what] - (
            figures[self.direct][self.what] if self.direct else 0.0
        )

    def __str__(self) -> str:
        return f"{self.what}: {self.of}" + (f" - {self.direct}" if self.direct else "")


CPU: Final = "cpu_us_per_token"
BARS: Final = (
    Bar(CPU, "paced relay", "paced nginx", 1.8),
    Bar(CPU, "paced relay+sinks", "paced nginx", 2.2),
    Bar(CPU, "paced relay", "paced naive", 1 / 5),
    Bar(CPU, "full relay", "full naive", 1 / 30),
    Bar(CPU, "paced relay+sinks", "paced relay", 1.5),
    Bar(CPU, "paced relay-2-workers", "paced relay", 1.5),
    Bar(CPU, "full relay x2 streams", "full relay", 1.1),
    Bar(CPU, "full relay x2 length", "full relay", 1.1),
)
MOSTS: Final = (
    Most("first_ms_p50", "paced relay", 1.5, "paced direct"),
    Most("first_ms_p99", "paced relay", 10.0, "paced direct"),
    Most("kib_per_stream", "1000 relay", 40.0),
    Most("lost", "1000 relay", 0),
    Most("lost", "5000 relay", 0),
)


def ratios(figures: Figures) -> dict[str, float]:
    """Return every ratio that was measured, by what it is."""
    return {str(bar): found for bar in BARS if (found := bar.ratio(figures)) is not None}


def missed(figures: Figures) -> Iterator[str]:
    """Say each bar that *figures* miss."""
    for bar in BARS:
        found = bar.ratio(figures)
        if found is not None and found > bar.limit:
            yield f"{bar} is {found:.3f}, over {bar.limit:.3f}"
    for most in MOSTS:
        value = most.value(figures)
        if value is not None and value > most.limit:
            yield f"{most} is {value:.2f}, over {most.limit:g}"


def regressions(figures: Figures, baseline: Mapping[str, float]) -> Iterator[str]:
    """Say each ratio that is worse than in *baseline* by more than noise."""
    for name, found in ratios(figures).items():
        before = baseline.get(name)
        if before is not None and found > before * NOISE:
            yield f"{name} was {before:.3f} and is {found:.3f}"
