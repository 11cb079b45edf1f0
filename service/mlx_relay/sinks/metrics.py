"""Events in; Prometheus metrics out.

Labels are bounded: profiles are named by admins and capped, outcomes, codes and causes come from
closed sets. Nothing that a user or a model typed becomes a label.
"""

import time
from collections.abc import Callable, Sequence

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Error, Event, Response, Thinking, ToolCall
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo

MAX_PROFILES = 100
"""Profile names beyond this many are counted as ``other``."""

_SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 600)
_GAPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 120)


class MetricsSinks:
    """The metrics of this process, in *registry*."""

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.clock = clock
        self._profiles: set[str] = set()
        profile = ("profile",)
        self.streams = Counter(
            "mlx_relay_streams",
            "Streams that ended, by outcome.",
            ("profile", "outcome"),
            registry=registry,
        )
        self.active = Gauge(
            "mlx_relay_active_streams", "Streams that are open now.", profile, registry=registry
        )
        self.first_event = Histogram(
            "mlx_relay_time_to_first_event_seconds",
            "From the request to the first thinking, text or call.",
            profile,
            buckets=_SECONDS,
            registry=registry,
        )
        self.first_answer = Histogram(
            "mlx_relay_time_to_first_answer_seconds",
            "From the request to the first text or call.",
            profile,
            buckets=_SECONDS,
            registry=registry,
        )
        self.thinking = Histogram(
            "mlx_relay_thinking_seconds",
            "All reasoning blocks of a stream together.",
            profile,
            buckets=_SECONDS,
            registry=registry,
        )
        self.gap = Histogram(
            "mlx_relay_event_gap_seconds",
            "Between two batches of thinking, text or calls.",
            profile,
            buckets=_GAPS,
            registry=registry,
        )
        self.tokens = Counter(
            "mlx_relay_tokens",
            "Tokens as the upstreams reported them.",
            ("profile", "kind"),
            registry=registry,
        )
        self.errors = Counter(
            "mlx_relay_stream_errors",
            "Streams that ended in an error event.",
            ("profile", "code", "cause"),
            registry=registry,
        )

    @classmethod
    def from_context(cls, context: SinkContext) -> "MetricsSinks":
        if context.settings:
            name = next(iter(context.settings))
            raise ConfigurationError(f"settings: sink.metrics.{name} is not a setting")
        return cls(context.registry)

    def open(self, stream: StreamInfo) -> "MetricsSink":
        return MetricsSink(self, self._label(stream.profile))

    async def close(self) -> None:
        """Nothing to close: the registry lives as long as the process."""

    def _label(self, profile: str) -> str:
        if len(self._profiles) < MAX_PROFILES:
            self._profiles.add(profile)
        return profile if profile in self._profiles else "other"


class MetricsSink:
    """Observes one stream. *profile* is the label."""

    def __init__(self, metrics: MetricsSinks, profile: str) -> None:
        self._metrics = metrics
        self._profile = profile
        self._gap = metrics.gap.labels(profile)
        self._last_batch: float | None = None
        metrics.active.labels(profile).inc()

    def send(self, events: Sequence[Event]) -> None:
        if not any(isinstance(event, Thinking | Response | ToolCall) for event in events):
            self._count_error(events)
            return
        now = self._metrics.clock()
        if self._last_batch is not None:
            self._gap.observe(now - self._last_batch)
        self._last_batch = now
        self._count_error(events)

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        metrics, profile = self._metrics, self._profile
        metrics.active.labels(profile).dec()
        metrics.streams.labels(profile, outcome.kind).inc()
        for histogram, seconds in (
            (metrics.first_event, outcome.first_event),
            (metrics.first_answer, outcome.first_answer),
            (metrics.thinking, outcome.thinking),
        ):
            if seconds is not None:
                histogram.labels(profile).observe(seconds)
        self._count_tokens(outcome)

    def _count_tokens(self, outcome: Outcome) -> None:
        usage = outcome.usage
        if usage is None:
            return
        for kind, count in (
            ("prompt", usage.prompt_tokens),
            ("completion", usage.completion_tokens),
            ("reasoning", usage.reasoning_tokens),
        ):
            if count is not None:
                self._metrics.tokens.labels(self._profile, kind).inc(count)

    def _count_error(self, events: Sequence[Event]) -> None:
        last = events[-1]
        if isinstance(last, Error):
            cause = last.detail or "none"
            self._metrics.errors.labels(self._profile, last.code, cause).inc()
