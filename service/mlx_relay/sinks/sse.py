"""Batches of events in; the client's SSE response out. The sink that sets the pace.

A batch goes straight to the client's transport, in one write and without a task switch: what a
token costs is wake-ups. Whole events only, so aiohttp-sse's heartbeat never lands inside one.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

from mlx_relay.events import Event, encode
from mlx_relay.sinks.base import Outcome

HIGH_WATER_BYTES = 64 * 1024
"""Beyond this asyncio says that writing is paused, so ``drain`` waits."""

STALL_SECONDS = 30.0
"""How long a client may take nothing at all before it is dropped."""


class Connection(Protocol):
    """What the sink needs of aiohttp's connection."""

    @property
    def transport(self) -> asyncio.Transport | None:
        """None once the connection is lost."""


class SseSink:
    """Writes events to one client, numbered from 1: ``id: 1``, ``data: {...}``, blank line.

    *drain* waits while writing is paused; *is_chunked* is whether the body is framed in chunks
    (HTTP/1.1) or ends with the connection (HTTP/1.0). A client that takes nothing of what waits for
    *stall_seconds*, and at most half as long again, is dropped.
    """

    __slots__ = (
        "_drain",
        "_is_chunked",
        "_number",
        "_transport",
        "_watch",
        "_written",
        "is_full",
        "is_stalled",
    )

    def __init__(
        self,
        connection: Connection,
        drain: Callable[[], Awaitable[None]],
        *,
        is_chunked: bool,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self.is_full = connection.transport is None
        self.is_stalled = False
        self._transport = connection.transport
        self._drain = drain
        self._is_chunked = is_chunked
        self._number = 0
        self._written = 0
        self._watch = _Watch(self._taken, stall_seconds / 2, self._drop)

    def send(self, events: Sequence[Event]) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            self.is_full = True
            return
        data = b""
        for event in events:
            self._number += 1
            data += b"id: %d\ndata: %b\n\n" % (self._number, encode(event))
        self._written += len(data)
        transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)
        if waiting := transport.get_write_buffer_size():
            self._watch.start()
        self.is_full = waiting > HIGH_WATER_BYTES

    async def drain(self) -> None:
        """Wait while the client is full; raises ConnectionError when it is gone or was dropped."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionResetError
        await self._drain()
        self.is_full = False

    async def close(self, outcome: Outcome) -> None:
        del outcome
        self._watch.stop()

    def _taken(self) -> int | None:
        """Return how many bytes the client took, None if there is nothing to take."""
        waiting = self._transport.get_write_buffer_size() if self._transport else 0
        return self._written - waiting if waiting else None

    def _drop(self) -> None:
        self.is_stalled = True
        if self._transport:
            self._transport.abort()


class _Watch:
    """Calls *on_stall* when *taken* did not grow between three looks, *seconds* apart.

    It shrinks when heartbeats, which the sink does not write, come to what waits. It looks while
    something waits: for most clients nothing ever does.
    """

    def __init__(
        self, taken: Callable[[], int | None], seconds: float, on_stall: Callable[[], None]
    ) -> None:
        self._taken = taken
        self._seconds = seconds
        self._on_stall = on_stall
        self._last: int | None = None
        self._looks = 0
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look, if it does not yet."""
        if self._timer is None:
            self._last = self._taken()
            self._looks = 0
            self._look_again()

    def stop(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _look_again(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        taken = self._taken()
        if taken is None:
            return
        is_still = self._last is not None and taken <= self._last
        self._looks = self._looks + 1 if is_still else 0
        self._last = taken
        if self._looks == 2:
            self._on_stall()
        else:
            self._look_again()
