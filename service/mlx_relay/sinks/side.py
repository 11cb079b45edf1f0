"""Events and raw bytes in; the same to one side sink of one stream, as long as it behaves.

What the sink did not get is counted when the stream ends: ``events`` and ``bytes`` (of the
upstream's body, for a sink that wants them), and the stream itself as one of the ``streams`` that
the sink did not get whole.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

from mlx_relay.events import Event
from mlx_relay.sinks.base import Outcome, RawSink, Sink, SinkFactory, StreamInfo
from mlx_relay.sinks.breaker import Breaker

CLOSE_SECONDS = 5.0
"""How long a side sink may take to close a stream."""

T = TypeVar("T")


class SideSink:
    """Whatever its sink does, nothing raises out of here."""

    def __init__(self, factory: SinkFactory, stream: StreamInfo, breaker: Breaker) -> None:
        self._breaker = breaker
        self._is_trial = breaker.is_cut_out
        self._lost_events = 0
        self._lost_bytes = 0
        self._has_failed = not breaker.admits()
        self._generation = breaker.generation
        self._sink = None if self._has_failed else self._call(factory.open, stream)
        self._raw = _raw_half(self._sink)

    @property
    def wants_raw(self) -> bool:
        return self._raw is not None

    def send(self, events: Sequence[Event]) -> None:
        is_on = self._is_on
        if is_on and self._sink:
            self._call(self._sink.send, events)
        if not is_on or self._has_failed:
            self._lost_events += len(events)

    def receive(self, data: bytes, at: float) -> None:
        is_on = self._is_on
        if is_on and self._raw:
            self._call(self._raw.receive, data, at)
        if not is_on or self._has_failed:
            self._lost_bytes += len(data)

    async def close(self, outcome: Outcome) -> None:
        """Close the sink, if it has not failed; count what it lost."""
        if self._sink and not self._has_failed:
            started = self._breaker.clock()
            await self._close(self._sink, outcome)
            self._breaker.health.observe_lag(self._breaker.name, self._breaker.clock() - started)
        for what, count in (
            ("streams", int(not self._is_on)),
            ("events", self._lost_events),
            ("bytes", self._lost_bytes),
        ):
            if count:
                self._breaker.health.count_loss(self._breaker.name, what, count)
        if self._is_trial and self._is_on:
            self._breaker.recovered()

    @property
    def _is_on(self) -> bool:
        return not self._has_failed and self._generation == self._breaker.generation

    def _call(self, function: Callable[..., T], *arguments: object) -> T | None:
        started = self._breaker.clock()
        try:
            return function(*arguments)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)
            return None
        finally:
            self._breaker.took(self._breaker.clock() - started)

    async def _close(self, sink: Sink, outcome: Outcome) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await sink.close(outcome)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._has_failed = True
        self._breaker.failed(type(error).__name__)


def _raw_half(sink: object) -> RawSink | None:
    return sink if isinstance(sink, RawSink) else None
