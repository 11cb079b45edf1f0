"""Microseconds in; counts in buckets less than one percent wide out, and quantiles of them.

Locust rounds to whole milliseconds and, above 100 ms, to tens of them: too coarse for what a relay
adds. Here, as in an HDR histogram, each power of two is cut into 128 buckets.
"""

from collections.abc import Iterable, Mapping
from typing import Final

_BITS: Final = 7
_EXACT: Final = 1 << (_BITS + 1)
"""Values below are a bucket each."""


class Histogram:
    """Counts of whole microseconds by bucket; can be added to another and sent as JSON."""

    def __init__(self, buckets: Mapping[int, int] | None = None) -> None:
        self._buckets = dict(buckets or {})

    def record(self, micros: float) -> None:
        bucket = _bucket(max(0, round(micros)))
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1

    def add(self, other: "Histogram") -> None:
        for bucket, count in other._buckets.items():  # noqa: SLF001 - the same class
            self._buckets[bucket] = self._buckets.get(bucket, 0) + count

    @property
    def count(self) -> int:
        return sum(self._buckets.values())

    def quantile(self, part: float) -> float:
        """Return the microseconds that *part* of the values do not exceed; nan when there are none.

        The middle of the bucket is told, which is within half a percent.
        """
        rank, seen = part * self.count, 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                return _middle(bucket)
        return float("nan")

    def to_json(self) -> dict[str, int]:
        return {str(bucket): count for bucket, count in sorted(self._buckets.items())}

    @classmethod
    def from_json(cls, value: Mapping[str, int]) -> "Histogram":
        return cls({int(bucket): count for bucket, count in value.items()})


def merged(histograms: Iterable[Histogram]) -> Histogram:
    total = Histogram()
    for histogram in histograms:
        total.add(histogram)
    return total


def _bucket(micros: int) -> int:
    if micros < _EXACT:
        return micros
    shift = micros.bit_length() - _BITS - 1
    return (shift << _BITS) + (micros >> shift)


def _middle(bucket: int) -> float:
    if bucket < _EXACT:
        return float(bucket)
    shift = (bucket >> _BITS) - 1
    lowest = (bucket - (shift << _BITS)) << shift
    return lowest + ((1 << shift) - 1) / 2
