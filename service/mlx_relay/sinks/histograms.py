"""Values in; counts by bucket, quantiles and a Prometheus histogram out.

Prometheus' own ``observe`` costs some microseconds, too much for every token of every stream. A
``Tally`` counts for a fraction of that, and a histogram takes it over now and then.
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import Histogram


class Tally:
    """Counts of values by bucket; *bounds* are the upper ends, ascending, without infinity."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def clear(self) -> None:
        self.counts = [0] * len(self.counts)
        self.total = 0.0


class TalliedHistogram(Histogram):
    """A Prometheus histogram that takes a whole tally at once; its buckets must be the tally's."""

    def take(self, tally: Tally) -> None:
        """Add what *tally* counted, and clear it."""
        for bucket, count in zip(self._buckets, tally.counts, strict=True):
            if count:
                bucket.inc(count)
        self._sum.inc(tally.total)
        tally.clear()


def quantile(tallies: Iterable[Tally], share: float) -> float | None:
    """Return the value that *share* of all values do not exceed; None where there is no value.

    Exact to the width of a bucket: the values of one are taken to lie evenly in it.
    """
    some = list(tallies)
    if not some:
        return None
    counts = [sum(column) for column in zip(*(tally.counts for tally in some), strict=True)]
    rank, below = share * sum(counts), 0.0
    for index, count in enumerate(counts):
        if count and below + count >= rank:
            return _inside(some[0].bounds, index, (rank - below) / count)
        below += count
    return None


def _inside(bounds: Sequence[float], index: int, part: float) -> float:
    if index == len(bounds):
        return bounds[-1]
    lower = bounds[index - 1] if index else 0.0
    return lower + (bounds[index] - lower) * part
