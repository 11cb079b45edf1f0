"""Events in; what happens now, out: totals since the start and figures of the last minute.

Always on, whatever the setting ``sinks`` says, and cheap: an event costs a look-up and an addition.
Text comes up to half a second late (``fanout``), and counts in the second in which it comes.
A rolling window of one slot per second is kept while nobody looks, so that whoever looks finds
percentiles at once.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Sequence

import msgspec

from mlx_relay.events import Event, Response, Status, Thinking, ToolCall
from mlx_relay.sinks.base import Outcome, OutcomeKind, StreamInfo
from mlx_relay.sinks.histograms import Tally, quantile

WINDOW_SECONDS = 60
RATE_SECONDS = 5
"""Rates are means of the last whole seconds, this many."""

_BOUNDS = tuple(0.001 * 1.1**step for step in range(146))
"""From a millisecond to a quarter of an hour, each a tenth above the one before."""

_CHARACTERS_PER_TOKEN = 4


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the streams of this process do; times in seconds, None where nothing was measured."""

    active_streams: int
    queued_streams: int
    streams_per_second: float
    tokens_per_second: float
    first_event_p50: float | None
    first_event_p95: float | None
    gap_p95: float | None
    outcomes: dict[OutcomeKind, int]
    errors: dict[str, int]


class Second:
    """What began and came in one second."""

    __slots__ = ("end", "first_events", "gaps", "number", "streams", "tokens")

    def __init__(self, number: int) -> None:
        self.number = number
        self.end = number + 1
        self.streams = 0
        self.tokens = 0
        self.first_events = Tally(_BOUNDS)
        self.gaps = Tally(_BOUNDS)


class LiveSinks:
    """The sinks of all streams of this process, and what they saw."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.clock = clock
        self.queued = 0
        self.active: Counter[int] = Counter()
        self._outcomes: dict[OutcomeKind, int] = {"done": 0, "error": 0, "client_gone": 0}
        self._errors: Counter[str] = Counter()
        self.newest = Second(int(clock()))
        self._seconds = deque([self.newest])

    def open(self, stream: StreamInfo) -> "LiveSink":
        self.active[stream.profile_id] += 1
        self.second(self.clock()).streams += 1
        return LiveSink(self, stream.profile_id)

    async def close(self) -> None:
        """Nothing to close."""

    def second(self, now: float) -> Second:
        """Return the slot of *now*; slots older than the window go."""
        if now >= self.newest.end:
            number = int(now)
            self.newest = Second(number)
            self._seconds.append(self.newest)
            while self._seconds[0].number <= number - WINDOW_SECONDS:
                self._seconds.popleft()
        return self.newest

    def ended(self, profile_id: int, outcome: Outcome) -> None:
        self.active[profile_id] -= 1
        if not self.active[profile_id]:
            del self.active[profile_id]
        self._outcomes[outcome.kind] += 1
        if outcome.code:
            self._errors[outcome.code] += 1

    def figures(self) -> Figures:
        this = self.second(self.clock()).number
        recent = [one for one in self._seconds if this - RATE_SECONDS <= one.number < this]
        first_events = [one.first_events for one in self._seconds]
        return Figures(
            active_streams=self.active.total(),
            queued_streams=self.queued,
            streams_per_second=sum(one.streams for one in recent) / RATE_SECONDS,
            tokens_per_second=sum(one.tokens for one in recent) / RATE_SECONDS,
            first_event_p50=quantile(first_events, 0.5),
            first_event_p95=quantile(first_events, 0.95),
            gap_p95=quantile((one.gaps for one in self._seconds), 0.95),
            outcomes=dict(self._outcomes),
            errors=dict(self._errors),
        )


class LiveSink:
    """Watches one stream. Every token comes through ``send_at``: that calls nothing it need not."""

    __slots__ = ("_clock", "_is_queued", "_last_output", "_opened_at", "_profile_id", "_sinks")

    def __init__(self, sinks: LiveSinks, profile_id: int) -> None:
        self._sinks = sinks
        self._clock = sinks.clock
        self._profile_id = profile_id
        self._opened_at = sinks.clock()
        self._last_output: float | None = None
        self._is_queued = False

    def send(self, events: Sequence[Event]) -> None:
        self.send_at(events, [self._clock()] * len(events))

    def send_at(self, events: Sequence[Event], times: Sequence[float]) -> None:
        second, last = self._sinks.newest, self._last_output
        for event, at in zip(events, times, strict=True):
            if type(event) is Response or type(event) is Thinking:
                text = event.content
            elif type(event) is ToolCall:
                text = event.arguments
            else:
                if type(event) is Status:
                    self._queue(is_queued=event.phase == "queued")
                continue
            if at >= second.end:
                second = self._sinks.second(at)
            # Upstreams count tokens only at the end, and one read may bring many: an estimate.
            second.tokens += len(text) // _CHARACTERS_PER_TOKEN or 1
            if last is None:
                self._queue(is_queued=False)
                second.first_events.observe(at - self._opened_at)
            elif at != last:
                second.gaps.observe(at - last)
            last = at
        self._last_output = last

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        self._queue(is_queued=False)
        self._sinks.ended(self._profile_id, outcome)

    def _queue(self, *, is_queued: bool) -> None:
        self._sinks.queued += is_queued - self._is_queued
        self._is_queued = is_queued
