"""Calls from the event loop in; the same calls, made in a thread that a user's sink has to itself.

A sink that we do not know may block: in a thread of its own it keeps nobody waiting but itself.
The thread has an event loop, so that ``close`` may wait there; all calls of the sink and of its
factory are made in it. What waits for the thread is bounded: what finds no room is lost to the
sink, and counted when its stream ends, and so is the rest of that stream.

No lock stands between the two: the event loop would wait for a thread that was put aside while it
held it. The loop alone appends, the thread alone removes, and each has a count of its own.
"""

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TypeAlias

import structlog

from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.sinks.base import Outcome, SinkFactory, StreamInfo
from mlx_relay.sinks.breaker import Breaker
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.side import FACTORY_CLOSE_SECONDS, SideSink, close_factory

MAX_CALLS = 10_000
MAX_BYTES = 16 * 1024 * 1024
"""What may wait for the thread."""

LINGER_SECONDS = 0.02
"""How long calls wait for company: a wake-up costs more than a call."""
CALLS_IN_A_ROW = 100

SWITCH_SECONDS = 0.0005
"""How long a thread that computes may keep the interpreter when the event loop wants it."""

_Call: TypeAlias = Callable[[], None]

_log = structlog.get_logger(__name__)


class SinkThread:
    """The factory that *make* makes, and its thread. Raises what *make* raises."""

    def __init__(
        self,
        name: str,
        make: Callable[[], SinkFactory],
        health: SinkHealth,
        *,
        max_calls: int = MAX_CALLS,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.name = name
        self.health = health
        self.breaker = Breaker(name, health)
        self.factory: SinkFactory
        self.closing: asyncio.TaskGroup
        self._max_calls = max_calls
        self._max_bytes = max_bytes
        self._calls: deque[tuple[_Call, int]] = deque()
        self._bytes_put = 0
        self._bytes_taken = 0
        self._is_full = False
        self._is_over = False
        self._is_woken = False
        self._wake = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop
        made: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(make, made), name=name, daemon=True)
        sys.setswitchinterval(SWITCH_SECONDS)
        self._thread.start()
        made.result()

    def open(self, stream: StreamInfo) -> "ThreadedSink":
        return ThreadedSink(self, stream)

    def put(self, call: _Call, size: int) -> bool:
        """Have *call* made in the thread if there is room; never waits."""
        waiting = self._bytes_put - self._bytes_taken
        if len(self._calls) < self._max_calls and waiting + size <= self._max_bytes:
            self._add(call, size)
            return True
        if not self._is_full:
            self._is_full = True
            self.health.lags(self.name, "its queue is full")
            _log.error("sink_lags", sink=self.name)
        return False

    def put_anyway(self, call: _Call) -> None:
        """Have *call* made however much waits: there is one such for each stream."""
        self._add(call, 0)

    async def close(self) -> None:
        """End the thread when it has made all calls; one that hangs is left behind."""
        self.put_anyway(self._end)
        await asyncio.to_thread(self._thread.join, FACTORY_CLOSE_SECONDS)
        if self._thread.is_alive():
            _log.error("sink_lost", sink=self.name, calls=len(self._calls))

    def _add(self, call: _Call, size: int) -> None:
        self._bytes_put += size
        self._calls.append((call, size))
        if not self._is_woken:
            self._is_woken = True
            # The loop is closed when a sink ended the thread: by SystemExit, say.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._wake.set)

    def _run(self, make: Callable[[], SinkFactory], made: "Future[None]") -> None:
        try:
            asyncio.run(self._serve(make, made))
        except BaseException as error:  # noqa: BLE001 - a sink may even raise SystemExit
            self.health.lags(self.name, "its thread ended")
            _log.error("sink_thread_ended", sink=self.name, error=type(error).__name__)

    async def _serve(self, make: Callable[[], SinkFactory], made: "Future[None]") -> None:
        self._loop = asyncio.get_running_loop()
        try:
            self.factory = make()
        except BaseException as error:  # noqa: BLE001 - it is raised again where it is waited for
            made.set_exception(error)
            return
        async with asyncio.TaskGroup() as self.closing:
            made.set_result(None)
            while not self._is_over:
                await self._wake.wait()
                await asyncio.sleep(LINGER_SECONDS)
                self._wake.clear()
                self._is_woken = False
                while self._calls:
                    self._make_calls()
                    # Sinks that close get their turn.
                    await asyncio.sleep(0)
        await close_factory(self.name, self.factory)

    def _make_calls(self) -> None:
        """Make the first calls that wait; at least one does."""
        for _ in range(min(len(self._calls), CALLS_IN_A_ROW)):
            call, size = self._calls.popleft()
            self._bytes_taken += size
            call()
        if self._is_full and len(self._calls) <= self._max_calls // 2:
            self._is_full = False
            self.health.lags(self.name, None)
            _log.warning("sink_caught_up", sink=self.name)

    def _end(self) -> None:
        self._is_over = True


class ThreadedSink:
    """A user's sink of one stream, as the event loop sees it: nothing raises, nothing waits."""

    def __init__(self, thread: SinkThread, stream: StreamInfo) -> None:
        # Whether the sink has ``receive`` is known when the thread has opened it.
        self.wants_raw = True
        self._thread = thread
        self._side: SideSink | None = None
        self._lost_events = 0
        self._lost_bytes = 0
        self._is_whole = thread.put(partial(self._open, stream), 0)

    def send(self, events: Sequence[Event], times: Sequence[float]) -> None:
        call = partial(self._send, events, times)
        if not (self._takes() and self._thread.put(call, _size(events))):
            self._is_whole = False
            self._lost_events += len(events)

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        if self._takes():
            call = partial(self._receive_head, status, dict(headers), at)
            self._is_whole = self._thread.put(call, 0)

    def receive(self, data: bytes, at: float) -> None:
        if not self.wants_raw:
            return
        if not (self._takes() and self._thread.put(partial(self._receive, data, at), len(data))):
            self._is_whole = False
            self._lost_bytes += len(data)

    async def drain(self) -> None:
        """Nothing to wait for: the queue refuses what it cannot take."""

    async def close(self, outcome: Outcome) -> None:
        self._thread.put_anyway(partial(self._close, outcome, self._thread.breaker.clock()))

    def _takes(self) -> bool:
        """Return whether a call is worth while: the sink has lost nothing and has not failed."""
        return self._is_whole and not (self._side and self._side.is_out)

    def _open(self, stream: StreamInfo) -> None:
        self._side = SideSink(self._thread.factory, stream, self._thread.breaker)
        self.wants_raw = self._side.wants_raw

    def _send(self, events: Sequence[Event], times: Sequence[float]) -> None:
        if self._side:
            self._side.send(events, times)

    def _receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        if self._side:
            self._side.receive_head(status, headers, at)

    def _receive(self, data: bytes, at: float) -> None:
        if self._side and self._side.wants_raw:
            self._side.receive(data, at)

    def _close(self, outcome: Outcome, ended_at: float) -> None:
        if self._side:
            self._side.lose(self._lost_events, self._lost_bytes if self.wants_raw else 0)
            self._thread.closing.create_task(self._side.close(outcome, ended_at))
        else:
            self._thread.health.count_loss(self._thread.name, "streams", 1)
            self._thread.health.count_loss(self._thread.name, "events", self._lost_events)


def _size(events: Sequence[Event]) -> int:
    """Return about how much memory the texts of *events* need."""
    size = 0
    for event in events:
        if isinstance(event, Thinking | Response):
            size += len(event.content)
        elif isinstance(event, ToolCall):
            size += len(event.arguments)
    return size
