"""Events and raw bytes in; the same to one side sink of one stream, as long as it behaves.

What the sink did not get is counted when the stream ends: ``events`` and ``bytes`` (of the
upstream's body, for a sink that wants them), and the stream itself as one of the ``streams`` that
the sink did not get whole.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import cast

import structlog

from mlx_relay.events import Event
from mlx_relay.sinks.base import (
    HeadSink,
    Outcome,
    RawSink,
    Sink,
    SinkFactory,
    StreamInfo,
    TimedSink,
)
from mlx_relay.sinks.breaker import Breaker

CLOSE_SECONDS = 5.0
"""How long a side sink may take to close a stream."""
FACTORY_CLOSE_SECONDS = 10.0
"""How long a factory may take to close when the process ends."""

_log = structlog.get_logger(__name__)


class SideSink:
    """Whatever its sink does, nothing raises out of here."""

    __slots__ = (
        "_breaker",
        "_is_trial",
        "_lost_bytes",
        "_lost_events",
        "_sink",
        "_take_raw",
        "_timed",
        "wants_raw",
    )

    def __init__(self, factory: SinkFactory, stream: StreamInfo, breaker: Breaker) -> None:
        self._breaker = breaker
        self._is_trial = breaker.is_cut_out
        self._lost_events = 0
        self._lost_bytes = 0
        self._sink = self._open(factory, stream) if breaker.admits() else None
        self._timed = _timed_half(self._sink)
        raw = _raw_half(self._sink)
        self.wants_raw = raw is not None
        self._take_raw = raw.receive if raw else self._lose_raw

    @property
    def is_out(self) -> bool:
        """The sink gets nothing more."""
        return self._sink is None

    def send(self, events: Sequence[Event], times: Sequence[float]) -> None:
        """Give *events*, read at *times*, to the sink."""
        try:
            if self._sink is None:
                self._lost_events += len(events)
            elif self._timed:
                self._timed.send_at(events, times)
            else:
                self._sink.send(events)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)
            self._lost_events += len(events)

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        sink = _head_half(self._sink)
        if sink is None:
            return
        try:
            sink.receive_head(status, headers, at)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)

    def receive(self, data: bytes, at: float) -> None:
        try:
            self._take_raw(data, at)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)
            self._lose_raw(data, at)

    def lose(self, events: int, raw_bytes: int) -> None:
        """Count what did not come as far as this."""
        self._lost_events += events
        self._lost_bytes += raw_bytes

    async def close(self, outcome: Outcome, ended_at: float | None = None) -> None:
        """Close the sink, if it has not failed; count what it lost.

        *ended_at* is when the stream ended, on the breaker's clock, if that was before now.
        """
        if self._sink:
            ended_at = self._breaker.clock() if ended_at is None else ended_at
            await self._close(self._sink, outcome)
            self._breaker.health.observe_lag(self._breaker.name, self._breaker.clock() - ended_at)
        is_whole = bool(self._sink) and not (self._lost_events or self._lost_bytes)
        for what, count in (
            ("streams", int(not is_whole)),
            ("events", self._lost_events),
            ("bytes", self._lost_bytes),
        ):
            if count:
                self._breaker.health.count_loss(self._breaker.name, what, count)
        if self._is_trial and is_whole:
            self._breaker.recovered()

    def _open(self, factory: SinkFactory, stream: StreamInfo) -> Sink | None:
        try:
            return factory.open(stream)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._breaker.failed(type(error).__name__)
            return None

    async def _close(self, sink: Sink, outcome: Outcome) -> None:
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await sink.close(outcome)
        except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
            self._fail(error)

    def _lose_raw(self, data: bytes, at: float) -> None:
        del at
        self._lost_bytes += len(data)

    def _fail(self, error: Exception) -> None:
        self._sink = None
        self._take_raw = self._lose_raw
        self._breaker.failed(type(error).__name__)


def _timed_half(sink: object) -> TimedSink | None:
    return cast("TimedSink", sink) if hasattr(sink, "send_at") else None


def _raw_half(sink: object) -> RawSink | None:
    return cast("RawSink", sink) if hasattr(sink, "receive") else None


def _head_half(sink: object) -> HeadSink | None:
    return cast("HeadSink", sink) if hasattr(sink, "receive_head") else None


async def close_factory(name: str, factory: SinkFactory) -> None:
    """Close *factory*, whatever it does."""
    try:
        async with asyncio.timeout(FACTORY_CLOSE_SECONDS):
            await factory.close()
    except Exception as error:  # noqa: BLE001 - a plug-in may raise anything
        _log.error("sink_close_failed", sink=name, error=type(error).__name__)
