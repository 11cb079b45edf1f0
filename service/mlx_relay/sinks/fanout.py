"""One batch in; the same batch to every sink. The client's sink first, then the side sinks.

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


class SideSinks:
    """The side sinks of this process. Leaving the ``async with`` closes streams and factories."""

    def __init__(self, factories: Mapping[str, SinkFactory], health: SinkHealth) -> None:
        self._factories = factories
        self._breakers = {name: Breaker(name, health) for name in factories}
        self._closing = asyncio.TaskGroup()

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

    def close(self, side: SideSink | ThreadedSink, outcome: Outcome) -> None:
        """Close *side* in a task of its own."""
        self._closing.create_task(side.close(outcome))


class FanOut:
    """The sinks of one stream."""

    __slots__ = ("_client", "_raw", "_side_sinks", "_sides", "wants_raw")

    def __init__(self, client: Sink, side_sinks: SideSinks, stream: StreamInfo) -> None:
        self._client = client
        self._side_sinks = side_sinks
        self._sides = side_sinks.open(stream)
        self._raw = [side for side in self._sides if side.wants_raw]
        self.wants_raw = bool(self._raw)

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        for side in self._sides:
            side.receive_head(status, headers, at)

    def receive(self, data: bytes, at: float) -> None:
        for side in self._raw:
            side.receive(data, at)

    def send(self, events: Sequence[Event]) -> None:
        self._client.send(events)
        for side in self._sides:
            side.send(events)

    async def close(self, outcome: Outcome) -> None:
        """Close the client's sink; the side sinks close in their own time."""
        for side in self._sides:
            self._side_sinks.close(side, outcome)
        await self._client.close(outcome)
