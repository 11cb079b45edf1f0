"""Batches of events in; the client's SSE response out. The sink that sets the pace.

Whole events only: aiohttp-sse's heartbeat is written between our writes, never inside one.
"""

import asyncio
from collections.abc import Sequence

from aiohttp_sse import EventSourceResponse

from mlx_relay.events import Event, encode
from mlx_relay.sinks.base import Outcome

HIGH_WATER_BYTES = 64 * 1024
"""What may wait for the client before the upstream is paused."""

STALL_SECONDS = 30.0
"""How long a client may take nothing at all before it is dropped."""


class SseSink:
    """Writes events to one client, numbered from 1: ``id: 1``, ``data: {...}``, blank line."""

    def __init__(
        self,
        response: EventSourceResponse,
        transport: asyncio.Transport | None,
        *,
        stall_seconds: float = STALL_SECONDS,
    ) -> None:
        self._response = response
        self._transport = transport
        self._stall_seconds = stall_seconds
        self._number = 0
        self._waiting = bytearray()
        self.is_stalled = False

    @property
    def is_full(self) -> bool:
        return len(self._waiting) >= HIGH_WATER_BYTES

    def send(self, events: Sequence[Event]) -> None:
        for event in events:
            self._number += 1
            self._waiting += b"id: %d\ndata: %b\n\n" % (self._number, encode(event))

    async def drain(self) -> None:
        """Write what waits; raises ConnectionError when the client is gone or was dropped."""
        if not self._waiting:
            return
        data, self._waiting = bytes(self._waiting), bytearray()
        backlog = self._backlog()
        if backlog == 0 and len(data) < HIGH_WATER_BYTES:
            await self._response.write(data)
            return
        self._watch(backlog + len(data))
        try:
            await self._response.write(data)
        finally:
            self._timer.cancel()

    async def close(self, outcome: Outcome) -> None:
        del outcome

    def _backlog(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport else 0

    def _watch(self, before: int) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(self._stall_seconds, self._check_progress, before)

    def _check_progress(self, before: int) -> None:
        """Drop a client that has taken nothing since there were *before* bytes for it."""
        backlog = self._backlog()
        if backlog < before or self._transport is None:
            self._watch(backlog)
            return
        self.is_stalled = True
        self._transport.abort()
