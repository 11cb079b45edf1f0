"""Samples of a soak in; verdicts on what must not grow out."""

from typing import Final

from load.samples import Sample
from load.thresholds import Verdict

WARM_UP: Final = 0.2
"""The part of a run in which caches may still fill."""
MOST_GROWTH_PERCENT: Final = 5.0
MOST_OPEN_FILES: Final = 5.0
WINDOWS: Final = 10
"""Each gives the fewest open files seen in it: each open stream has two, a leak is below them."""


def verdicts(samples: list[Sample]) -> list[Verdict]:
    """Judge by the straight lines that fit best, from the end of the warm-up to the end."""
    steady = samples[round(len(samples) * WARM_UP) :]
    memory = [sample.memory_mib for sample in steady]
    grown = 100 * growth(memory) / (sum(memory) / len(memory))
    size = max(1, len(steady) // WINDOWS)
    windows = [steady[n * len(steady) // WINDOWS :][:size] for n in range(WINDOWS)]
    fewest = [float(min(sample.open_files for sample in window)) for window in windows]
    return [
        Verdict("growth of the relay's memory %", grown, MOST_GROWTH_PERCENT),
        Verdict("growth of the relay's open files", growth(fewest), MOST_OPEN_FILES),
    ]


def growth(values: list[float]) -> float:
    """Return by how much the least-squares line through evenly spaced *values* rises."""
    middle_x, middle_y = (len(values) - 1) / 2, sum(values) / len(values)
    spread = sum((x - middle_x) ** 2 for x in range(len(values)))
    tilt = sum((x - middle_x) * (y - middle_y) for x, y in enumerate(values))
    return tilt / spread * (len(values) - 1)
