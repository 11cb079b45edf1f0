"""Failures, losses and complaints of sinks in; counters, and the list of those in trouble, out.

The counters are there whether or not the metrics sink is on. Any thread may call.
"""

from prometheus_client import CollectorRegistry, Counter, Histogram


class SinkHealth:
    """How the side sinks of this process are."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        registry = registry or CollectorRegistry()
        self._lost = Counter(
            "mlx_relay_sink_lost",
            "What a sink did not take or keep.",
            ("sink", "what"),
            registry=registry,
        )
        self._failures = Counter(
            "mlx_relay_sink_failures",
            "Sinks that were cut out of a stream.",
            ("sink",),
            registry=registry,
        )
        self._lag = Histogram(
            "mlx_relay_sink_lag_seconds",
            "From the end of a stream until a sink was done with it.",
            ("sink",),
            buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
            registry=registry,
        )
        self._complaints: dict[str, str] = {}
        self._cut_out: dict[str, str] = {}
        self._lagging: dict[str, str] = {}

    def count_loss(self, sink: str, what: str, count: int) -> None:
        self._lost.labels(sink, what).inc(count)

    def count_failure(self, sink: str) -> None:
        self._failures.labels(sink).inc()

    def observe_lag(self, sink: str, seconds: float) -> None:
        self._lag.labels(sink).observe(seconds)

    def complain(self, sink: str, reason: str | None) -> None:
        """Note what *sink* says of itself; None when all is well again."""
        _note(self._complaints, sink, reason)

    def cut_out(self, sink: str, reason: str | None) -> None:
        """Note that *sink* gets no streams, and why; None when it gets them again."""
        _note(self._cut_out, sink, reason)

    def lags(self, sink: str, reason: str | None) -> None:
        """Note that *sink* cannot keep up, and why; None when it has caught up."""
        _note(self._lagging, sink, reason)

    def degraded(self) -> dict[str, str]:
        """Return the sinks that are in trouble, each with its reason."""
        return {**self._complaints, **self._lagging, **self._cut_out}


def _note(reasons: dict[str, str], sink: str, reason: str | None) -> None:
    if reason is None:
        reasons.pop(sink, None)
    else:
        reasons[sink] = reason
