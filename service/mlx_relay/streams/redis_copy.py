"""The logs of this process in; copies of them in Redis out, for clients that come elsewhere.

A log is copied after it was written, by one task for all, so that no stream waits for Redis. While
Redis is away the logs go on, and what is missing is copied when it is back; what Redis lost
meanwhile goes there again, as far as the log still has it.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import Pipeline
from redis.exceptions import RedisError

from mlx_relay.streams.cancellation import raise_if_cancelled
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.redis_entries import (
    FEED_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    events_name,
    fed_name,
    number_in,
    to_entry,
)

GATHER_SECONDS: Final = 0.02
"""What comes within this time travels together."""

COMMANDS: Final = 4
"""For each log, the first of which adds to its copy."""

_log = structlog.get_logger(__name__)


class _Copy:
    """How far a log is copied: up to event number *copied*, if that *is_sure*."""

    def __init__(self, log: StreamLog) -> None:
        self.log = log
        self.copied = 0
        self.is_sure = True

    @property
    def is_due(self) -> bool:
        return self.copied < self.log.last

    @property
    def is_whole(self) -> bool:
        return self.log.is_over and self.is_sure and not self.is_due


class RedisCopies:
    """The copies that this process keeps; *is_kept* says whether a log is still in its memory."""

    def __init__(
        self, redis: Redis, is_kept: Callable[[StreamKey], object], *, keep_seconds: float
    ) -> None:
        self._redis = redis
        self._is_kept = is_kept
        self._keep = int(keep_seconds * 1000)
        self._copies: dict[StreamKey, _Copy] = {}
        self._due: set[StreamKey] = set()
        self._is_due = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._failed_at = float("-inf")

    def note(self, log: StreamLog) -> None:
        """Copy what is new in *log*, soon."""
        if log.key not in self._copies:
            self._copies[log.key] = _Copy(log)
        self._due.add(log.key)
        self._is_due.set()

    def failed_within(self, seconds: float) -> bool:
        return self._loop.time() - self._failed_at < seconds

    async def run(self) -> None:
        """Copy until cancelled."""
        renew_at = self._loop.time()
        while True:
            raise_if_cancelled()
            if self._loop.time() >= renew_at:
                renew_at = self._loop.time() + RENEW_SECONDS
                await self._try(self._renew())
            with suppress(TimeoutError):
                async with asyncio.timeout_at(renew_at):
                    await self._is_due.wait()
                    await asyncio.sleep(GATHER_SECONDS)
            if self._due:
                await self._try(self._copy())

    async def flush(self) -> None:
        """Copy all that is due; raises RedisError."""
        while self._due:
            await self._copy()

    async def _copy(self) -> None:
        """Copy the next piece of each log that has one."""
        await self._look_how_far([copy for copy in self._copies.values() if not copy.is_sure])
        copies = [self._copies[key] for key in self._due]
        async with self._redis.pipeline(transaction=False) as pipeline:
            reached = [self._add(pipeline, copy) for copy in copies]
            added = (await pipeline.execute())[::COMMANDS]
        for copy, number, entry_id in zip(copies, reached, added, strict=True):
            copy.copied = number if entry_id else 0
            self._put_off(copy)
        if not self._due:
            self._is_due.clear()

    def _add(self, pipeline: Pipeline, copy: _Copy) -> int:
        """Put the next piece into *pipeline*; return the number that the copy reaches with it.

        What is not the first piece is not added to nothing: Redis would have lost the others.
        """
        log, name = copy.log, events_name(copy.log.key)
        # What the log has given up is not there to copy.
        after = max(copy.copied, log.first - 1)
        if events := log.since(after):
            after += len(events)
            entry = to_entry(events, after, is_last=log.is_over and after == log.last)
            pipeline.xadd(name, entry.fields(), id=entry.id, nomkstream=copy.copied > 0)
        else:
            pipeline.exists(name)
        pipeline.xtrim(name, minid=f"{log.first}-0", approximate=False)
        self._renew_one(pipeline, copy)
        return after

    def _renew_one(self, pipeline: Pipeline, copy: _Copy) -> None:
        pipeline.pexpire(events_name(copy.log.key), self._keep)
        pipeline.set(fed_name(copy.log.key), 1, px=int(FEED_SECONDS * 1000))

    async def _renew(self) -> None:
        """Say what this process writes, so that it is known when it dies; see what is lost."""
        copies = list(self._copies.values())
        async with self._redis.pipeline(transaction=False) as pipeline:
            for copy in copies:
                self._renew_one(pipeline, copy)
            are_there = (await pipeline.execute())[::2]
        for copy, is_there in zip(copies, are_there, strict=True):
            if not is_there:
                copy.copied = 0
                self._due.add(copy.log.key)
                self._is_due.set()

    async def _look_how_far(self, copies: Collection[_Copy]) -> None:
        """Ask what Redis has: the answer to what was sent last may have been lost, or Redis."""
        for copy in copies:
            newest: Any = await self._redis.xrevrange(events_name(copy.log.key), count=1)
            copy.copied = number_in(newest[0][0]) if newest else 0
            copy.is_sure = True

    def _put_off(self, copy: _Copy) -> None:
        """Forget what there is nothing left to do for."""
        if not copy.is_due:
            self._due.discard(copy.log.key)
        if copy.is_whole:
            del self._copies[copy.log.key]

    async def _try(self, work: Awaitable[None]) -> None:
        try:
            await work
        except RedisError:
            self._failed_at = self._loop.time()
            self._doubt_all()
            await asyncio.sleep(RETRY_SECONDS)
        except Exception:  # noqa: BLE001 - a bug must not end the copying for good
            _log.exception("stream_copies_failed")
            await asyncio.sleep(RETRY_SECONDS)

    def _doubt_all(self) -> None:
        """Keep what is still to be copied, but for logs that are not even in memory any more."""
        for key, copy in list(self._copies.items()):
            copy.is_sure = False
            self._due.add(key)
            if not self._is_kept(key):
                del self._copies[key]
                self._due.discard(key)
        self._is_due.set()
