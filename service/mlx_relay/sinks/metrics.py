"""Events in; Prometheus metrics out (``metrics_families`` has their names).

Labels are bounded: profiles are named by admins and capped, outcomes and codes come from closed
sets, causes are capped. Nothing that a user or a model typed becomes a label.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
from prometheus_client import CollectorRegistry

from mlx_relay.events import Event, Response, Status, Thinking, ToolCall
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo
from mlx_relay.sinks.histograms import Tally
from mlx_relay.sinks.metrics_families import GAP_BOUNDS, OPERATION, PROVIDER, MetricFamilies

MAX_PROFILES = 100
MAX_CAUSES = 100
"""Names beyond this many are counted as ``other``."""

TAKE_OVER_SECONDS = 1.0
"""How old a gap may grow before the histogram knows of it, while events come."""

_OUTPUT = frozenset((Thinking, Response, ToolCall))


class BoundedNames:
    """Lets the first *limit* different names through; the others are ``other``."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._known: set[str] = set()

    def label(self, name: str) -> str:
        if len(self._known) < self._limit:
            self._known.add(name)
        return name if name in self._known else "other"


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """There is nothing to set; so whatever is set is refused."""


class MetricsSinks:
    """The metrics of this process, in *registry*."""

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.families = MetricFamilies(registry)
        self.clock = clock
        self.causes = BoundedNames(MAX_CAUSES)
        self._profiles = BoundedNames(MAX_PROFILES)

    @classmethod
    def from_context(cls, context: SinkContext) -> "MetricsSinks":
        context.read_settings(MetricsSettings)
        return cls(context.registry)

    def open(self, stream: StreamInfo) -> "MetricsSink":
        return MetricsSink(self, self._profiles.label(stream.profile))

    async def close(self) -> None:
        """Nothing to close: the registry lives as long as the process."""


class MetricsSink:
    """Observes one stream. *profile* is the label."""

    def __init__(self, sinks: MetricsSinks, profile: str) -> None:
        self._families = sinks.families
        self._causes = sinks.causes
        self._clock = sinks.clock
        self._profile = profile
        self._gen_ai = (OPERATION, PROVIDER, profile)
        self._gap = self._families.gap.labels(*self._gen_ai)
        self._gaps = Tally(GAP_BOUNDS)
        self._last_output: float | None = None
        self._taken_over_at = 0.0
        self._is_queued = False
        self._families.active.labels(profile).inc()

    def send(self, events: Sequence[Event]) -> None:
        self.send_at(events, [self._clock()] * len(events))

    def send_at(self, events: Sequence[Event], times: Sequence[float]) -> None:
        last = self._last_output
        for event, at in zip(events, times, strict=True):
            if type(event) in _OUTPUT:
                if last is None:
                    self._leave_queue()
                    self._taken_over_at = at
                elif at != last:
                    self._gaps.observe(at - last)
                last = at
            elif type(event) is Status:
                self._note_queue(event)
        self._last_output = last
        if last is not None and last - self._taken_over_at >= TAKE_OVER_SECONDS:
            self._take_over(last)

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        families, profile = self._families, self._profile
        self._take_over(0.0)
        self._leave_queue()
        families.active.labels(profile).dec()
        families.streams.labels(profile, outcome.kind).inc()
        if outcome.code:
            cause = self._causes.label(outcome.cause or "none")
            families.errors.labels(profile, outcome.code, cause).inc()
        self._observe_times(outcome)
        self._observe_tokens(outcome)

    def _note_queue(self, status: Status) -> None:
        self._leave_queue()
        if status.phase == "queued":
            self._is_queued = True
            self._families.queued.labels(self._profile).inc()

    def _leave_queue(self) -> None:
        if self._is_queued:
            self._is_queued = False
            self._families.queued.labels(self._profile).dec()

    def _take_over(self, now: float) -> None:
        self._gap.take(self._gaps)
        self._taken_over_at = now

    def _observe_times(self, outcome: Outcome) -> None:
        families, profile = self._families, self._profile
        for child, seconds in (
            (families.duration.labels(*self._gen_ai), outcome.seconds),
            (families.first_event.labels(*self._gen_ai), outcome.first_event),
            (families.first_answer.labels(profile), outcome.first_answer),
            (families.thinking.labels(profile), outcome.thinking),
            (families.upstream_release.labels(profile), outcome.upstream_release),
        ):
            if seconds is not None:
                child.observe(seconds)

    def _observe_tokens(self, outcome: Outcome) -> None:
        usage = outcome.usage
        if usage is None:
            return
        for kind, count in (("input", usage.prompt_tokens), ("output", usage.completion_tokens)):
            if count is not None:
                self._families.tokens.labels(*self._gen_ai, kind).observe(count)
        if usage.reasoning_tokens is not None:
            self._families.reasoning_tokens.labels(self._profile).inc(usage.reasoning_tokens)
        if outcome.kind == "done" and outcome.first_event is not None:
            self._observe_speed(outcome.seconds - outcome.first_event, usage.completion_tokens)

    def _observe_speed(self, seconds: float, tokens: int | None) -> None:
        if seconds > 0 and tokens and tokens > 1:
            after_first = tokens - 1
            self._families.seconds_per_token.labels(*self._gen_ai).observe(seconds / after_first)
            self._families.tokens_per_second.labels(self._profile).observe(after_first / seconds)
