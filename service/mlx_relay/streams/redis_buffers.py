"""Logs in memory, and copies of them in Redis: a client may come back to another process.

Whoever reads a stream where it is written reads the log, whatever becomes of Redis.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Final, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mlx_relay.errors import NotFound, Unavailable
from mlx_relay.streams.buffers import Source
from mlx_relay.streams.cancellation import raise_if_cancelled
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.memory import KEEP_SECONDS, MemoryBuffers
from mlx_relay.streams.redis_copy import RedisCopies
from mlx_relay.streams.redis_entries import (
    READ_SECONDS,
    RETRY_SECONDS,
    STOPS,
    STOPS_KEPT,
    events_name,
    fed_name,
    read_name,
)
from mlx_relay.streams.redis_source import WAIT_MILLISECONDS, RedisSource

CLOSE_SECONDS: Final = 2.0
FIND_TRIES: Final = 6
FIND_SECONDS: Final = 0.05

_log = structlog.get_logger(__name__)


class RedisBuffers:
    """The logs of this process and, by way of *redis*, those of the others."""

    def __init__(
        self, redis: Redis, stop: Callable[[str], None], memory: MemoryBuffers | None = None
    ) -> None:
        self._redis = redis
        self._stop = stop
        self._memory = memory or MemoryBuffers()
        self._copies = RedisCopies(redis, self._memory.own, keep_seconds=KEEP_SECONDS)
        self._opened = asyncio.Event()
        self._ending = asyncio.Event()
        self._last_stop = b"0-0"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        """Copy, and hear who wants streams to end, until the block ends."""
        with suppress(RedisError):
            await self._skip_old_stops()
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._copies.run()), group.create_task(self._hear_stops())]
            yield self
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            # What ended with the service is still to be copied.
            with suppress(RedisError, TimeoutError):
                async with asyncio.timeout(CLOSE_SECONDS):
                    await self._copies.flush()

    def open(self, key: StreamKey) -> StreamLog:
        self._opened.set()
        return self._memory.open(key)

    def append(self, log: StreamLog, events: Sequence[bytes], *, is_last: bool) -> None:
        self._memory.append(log, events, is_last=is_last)
        self._copies.note(log)

    def own(self, key: StreamKey) -> StreamLog | None:
        return self._memory.own(key)

    async def find(self, key: StreamKey) -> Source:
        if log := self._memory.own(key):
            return log
        await self._check_exists(key)
        return RedisSource(self._redis, key, self._ending)

    async def stop_elsewhere(self, key: StreamKey) -> None:
        await self._check_exists(key)
        try:
            fields: dict[Any, Any] = {"stream_id": key.stream_id}
            await self._redis.xadd(STOPS, fields, maxlen=STOPS_KEPT, approximate=True)
        except RedisError:
            raise Unavailable from None

    async def is_read_elsewhere(self, key: StreamKey) -> bool:
        if self._copies.failed_within(READ_SECONDS):
            return True
        try:
            return bool(await self._redis.exists(read_name(key)))
        except RedisError:
            return True

    def end_reading(self) -> None:
        self._ending.set()

    async def _check_exists(self, key: StreamKey) -> None:
        """Its first events may be on their way: a client may be quicker than they."""
        try:
            for _ in range(FIND_TRIES):
                if await self._redis.exists(events_name(key), fed_name(key)):
                    return
                await asyncio.sleep(FIND_SECONDS)
        except RedisError:
            raise Unavailable from None
        raise NotFound

    async def _hear_stops(self) -> None:
        """Listen as long as there are streams that somebody may want to end."""
        while True:
            raise_if_cancelled()
            if not self._memory.has_running:
                self._opened.clear()
                await self._opened.wait()
            try:
                found: Any = await self._redis.xread(
                    {STOPS: self._last_stop}, block=WAIT_MILLISECONDS
                )
            except RedisError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for _, stops in found or ():
                for entry_id, fields in stops:
                    self._last_stop = entry_id
                    self._stop(fields[b"stream_id"].decode())

    async def _skip_old_stops(self) -> None:
        newest: Any = await self._redis.xrevrange(STOPS, count=1)
        if newest:
            self._last_stop = newest[0][0]
