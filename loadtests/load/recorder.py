"""What visitors saw in; histograms and counts by slots of time out, to send and to add."""

import time
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, Final

from load.histograms import Histogram, merged

MOST_PROBLEMS: Final = 100
"""More failures are counted but not told."""


class Recorder:
    """Histograms and counts, each by the slot of *slot_seconds* in which it happened."""

    def __init__(self, slot_seconds: float) -> None:
        self.slot_seconds = slot_seconds
        self._epoch = time.monotonic()
        self._histograms: dict[str, dict[int, Histogram]] = defaultdict(dict)
        self._counts: dict[str, dict[int, int]] = defaultdict(dict)
        self.problems: list[str] = []

    def note(self, metric: str, micros: float, at: float) -> None:
        """Record *micros* for *metric* at the monotonic moment *at*."""
        slots = self._histograms[metric]
        slots.setdefault(self._slot(at), Histogram()).record(micros)

    def count(self, name: str, at: float) -> None:
        slots, slot = self._counts[name], self._slot(at)
        slots[slot] = slots.get(slot, 0) + 1

    def problem(self, sentence: str) -> None:
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(sentence)

    def total(self, name: str) -> int:
        return sum(self._counts[name].values())

    def count_in(self, name: str, slots: range) -> int:
        return sum(number for slot, number in self._counts[name].items() if slot in slots)

    def histogram(self, metric: str, slots: range | None = None) -> Histogram:
        """Return all of *metric*, or what fell into *slots*."""
        found = self._histograms[metric]
        return merged(h for slot, h in found.items() if slots is None or slot in slots)

    def metrics(self) -> list[str]:
        return sorted(name for name, slots in self._histograms.items() if slots)

    def counted(self) -> list[str]:
        return sorted(name for name, slots in self._counts.items() if slots)

    def slots(self) -> int:
        """Return how many slots the run had, to the last in which anything happened."""
        last = (slot for slots in self._counts.values() for slot in slots)
        return max(last, default=-1) + 1

    def slot_now(self) -> int:
        return self._slot(time.monotonic())

    def open_streams(self) -> int:
        return self.total("started") - self.total("ended")

    def to_json(self) -> dict[str, Any]:
        return {
            "slot_seconds": self.slot_seconds,
            "histograms": {
                metric: {str(slot): h.to_json() for slot, h in sorted(slots.items())}
                for metric, slots in self._histograms.items()
            },
            "counts": {
                name: {str(slot): n for slot, n in sorted(slots.items())}
                for name, slots in self._counts.items()
            },
            "problems": self.problems,
        }

    def take(self) -> dict[str, Any]:
        """Return everything as JSON and forget it: a worker reports what came since its last."""
        report = self.to_json()
        self._histograms.clear()
        self._counts.clear()
        self.problems = []
        return report

    def merge(self, report: Mapping[str, Any]) -> None:
        """Add what another recorder's ``to_json`` or ``take`` gave."""
        for metric, slots in report["histograms"].items():
            mine = self._histograms[metric]
            for slot, buckets in slots.items():
                mine.setdefault(int(slot), Histogram()).add(Histogram.from_json(buckets))
        for name, counts in report["counts"].items():
            mine_counts = self._counts[name]
            for slot, number in counts.items():
                mine_counts[int(slot)] = mine_counts.get(int(slot), 0) + number
        for sentence in report["problems"]:
            self.problem(sentence)

    def _slot(self, at: float) -> int:
        return max(0, int((at - self._epoch) / self.slot_seconds))
