"""Logs in the memory of this process: bounded in bytes, and in time once their stream has ended."""

import asyncio
from collections.abc import Sequence
from typing import Final

from mlx_relay.errors import NotFound
from mlx_relay.streams.log import StreamKey, StreamLog

STREAM_BYTES: Final = 8 * 1024 * 1024
"""For one stream: some fifty thousand tokens."""

PROCESS_BYTES: Final = 256 * 1024 * 1024

KEEP_SECONDS: Final = 300.0
"""How long a stream that ended can still be read."""


class MemoryBuffers:
    """All logs of this process.

    When they are too large together those of streams that ended go first, the oldest before the
    others; then the one that grows gives up its own oldest events.
    """

    def __init__(
        self,
        *,
        stream_bytes: int = STREAM_BYTES,
        process_bytes: int = PROCESS_BYTES,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self.bytes = 0
        self._stream_bytes = stream_bytes
        self._process_bytes = process_bytes
        self._keep_seconds = keep_seconds
        self._logs: dict[StreamKey, StreamLog] = {}
        # In the order in which they ended, each with the timer that removes it.
        self._over: dict[StreamKey, asyncio.TimerHandle] = {}

    def open(self, key: StreamKey) -> StreamLog:
        log = self._logs[key] = StreamLog(key, self._stream_bytes)
        return log

    def append(self, log: StreamLog, events: Sequence[bytes], *, is_last: bool) -> None:
        before = log.bytes
        log.append(events, is_last=is_last)
        self.bytes += log.bytes - before
        if is_last:
            loop = asyncio.get_running_loop()
            self._over[log.key] = loop.call_later(self._keep_seconds, self._remove, log.key)
        if self.bytes > self._process_bytes:
            self._make_room(log)

    @property
    def has_running(self) -> bool:
        """Some stream has not ended."""
        return len(self._logs) > len(self._over)

    def own(self, key: StreamKey) -> StreamLog | None:
        return self._logs.get(key)

    async def find(self, key: StreamKey) -> StreamLog:
        if key not in self._logs:
            raise NotFound
        return self._logs[key]

    async def stop_elsewhere(self, key: StreamKey) -> None:
        """There is nobody else."""
        del key
        raise NotFound

    async def is_read_elsewhere(self, key: StreamKey) -> bool:
        del key
        return False

    def end_reading(self) -> None:
        """All streams are this process's: their own ends end their readers."""

    def _make_room(self, growing: StreamLog) -> None:
        for key in list(self._over):
            if self.bytes <= self._process_bytes:
                return
            if key != growing.key:
                self._remove(key)
        before = growing.bytes
        growing.shrink(self.bytes - self._process_bytes)
        self.bytes += growing.bytes - before

    def _remove(self, key: StreamKey) -> None:
        self._over.pop(key).cancel()
        self.bytes -= self._logs.pop(key).bytes
