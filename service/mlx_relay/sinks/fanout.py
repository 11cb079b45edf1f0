"""Batches in; the same batches to every sink: to the client's at once, then to the side sinks.

Between two tokens the processor has forgotten a stream and its sinks. So side sinks, whom nobody
watches by the millisecond, are given text a moment later: what comes in a row, they get in a row.

A side sink is never waited for: not while the stream runs, and not when it ends, because the end of
the client's response would wait with it. The process keeps the tasks in which side sinks close. A
user's sink has a thread of its own (``own_thread``), where it may even block.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Self

from mlx_relay.events import Event
from mlx_relay.sinks.base import Outcome, Sink, SinkFactory, StreamInfo
from mlx_relay.sinks.breaker import Breaker
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.own_thread import SinkThread, ThreadedSink
from mlx_relay.sinks.side import SideSink, close_factory

LINGER_SECONDS = 0.5
"""How long text waits for more of it, and for that of other streams, on its way to side sinks."""

MAX_WAITING = 100
"""So many pieces of text wait for nothing more."""

STREAMS_IN_A_ROW = 50
"""Of so many streams text is let out before the loop turns to what came meanwhile."""


class SideSinks:
    """The side sinks of this process. Leaving the ``async with`` closes streams and factories."""

    def __init__(
        self, factories: Mapping[str, SinkFactory | SinkThread], health: SinkHealth
    ) -> None:
        self._factories = factories
        self._breakers = {name: Breaker(name, health) for name in factories}
        self._closing = asyncio.TaskGroup()
        self._late: list[FanOut] = []

    async def __aenter__(self) -> Self:
        await self._closing.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self._closing.__aexit__(None, None, None)
        for name, factory in self._factories.items():
            if isinstance(factory, SinkThread):
                await factory.close()
            else:
                await close_factory(name, factory)

    def open(self, stream: StreamInfo) -> list[SideSink | ThreadedSink]:
        return [
            factory.open(stream)
            if isinstance(factory, SinkThread)
            else SideSink(factory, stream, self._breakers[name])
            for name, factory in self._factories.items()
        ]

    def let_out_later(self, fan_out: "FanOut") -> None:
        """Let out what waits in *fan_out* together with what waits in others."""
        if not self._late:
            asyncio.get_running_loop().call_later(LINGER_SECONDS, self._let_all_out)
        self._late.append(fan_out)

    def _let_all_out(self) -> None:
        late, self._late = self._late, []
        self._let_out(late)

    def _let_out(self, late: "list[FanOut]") -> None:
        for fan_out in late[:STREAMS_IN_A_ROW]:
            fan_out.let_out()
        if rest := late[STREAMS_IN_A_ROW:]:
            asyncio.get_running_loop().call_soon(self._let_out, rest)

    def close(self, side: SideSink | ThreadedSink, outcome: Outcome) -> None:
        """Close *side* in a task of its own."""
        self._closing.create_task(side.close(outcome))


class FanOut:
    """The sinks of one stream."""

    __slots__ = (
        "_client",
        "_flushed",
        "_is_late",
        "_raw",
        "_side_sinks",
        "_sides",
        "_times",
        "_waiting",
        "wants_raw",
    )

    def __init__(self, client: Sink, side_sinks: SideSinks, stream: StreamInfo) -> None:
        self._client = client
        self._side_sinks = side_sinks
        self._sides = side_sinks.open(stream)
        self._raw = [side for side in self._sides if side.wants_raw]
        self.wants_raw = bool(self._raw)
        self._flushed = 0
        self._waiting: list[Event] = []
        self._times: list[float] = []
        self._is_late = False

    @property
    def events(self) -> int:
        """How many were sent."""
        return self._flushed + len(self._waiting)

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        for side in self._sides:
            side.receive_head(status, headers, at)

    def receive(self, data: bytes, at: float) -> None:
        for side in self._raw:
            side.receive(data, at)

    def send(self, events: Sequence[Event], at: float) -> None:
        """Send a batch that came at monotonic time *at*."""
        self._client.send(events)
        self._waiting += events
        self._times += [at] * len(events)
        self._flush()

    def send_more(self, event: Event, at: float) -> None:
        """Send more of the text that came last."""
        self._client.send((event,))
        waiting = self._waiting
        waiting.append(event)
        self._times.append(at)
        if not self._is_late:
            self._is_late = True
            self._side_sinks.let_out_later(self)
        elif len(waiting) >= MAX_WAITING:
            self._flush()

    def let_out(self) -> None:
        """Give the side sinks what waits for them."""
        self._is_late = False
        self._flush()

    def _flush(self) -> None:
        if self._waiting:
            events, self._waiting = self._waiting, []
            times, self._times = self._times, []
            self._flushed += len(events)
            for side in self._sides:
                side.send(events, times)

    async def close(self, outcome: Outcome) -> None:
        """Close the client's sink; the side sinks close in their own time."""
        self._flush()
        for side in self._sides:
            self._side_sinks.close(side, outcome)
        await self._client.close(outcome)
