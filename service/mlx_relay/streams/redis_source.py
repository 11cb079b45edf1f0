"""A stream that another process writes, as its readers here see it: Redis in; events out."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError, ResponseError

from mlx_relay.errors import Gone, StreamError, Unavailable
from mlx_relay.events import Error, encode
from mlx_relay.streams.cancellation import raise_if_cancelled
from mlx_relay.streams.log import Piece, StreamKey
from mlx_relay.streams.redis_entries import (
    FEED_SECONDS,
    READ_SECONDS,
    RENEW_SECONDS,
    RETRY_SECONDS,
    Entry,
    events_name,
    fed_name,
    read_entries,
    read_name,
    to_entry,
)

WAIT_MILLISECONDS: Final = 500
"""How long one question waits for an event; less than the client's patience for any answer."""

ENTRIES: Final = 16
"""As many pieces as are read at once."""

AHEAD: Final = 1024
"""By as many events a client may be ahead of Redis, if the process that it came from was."""

AWAY_SECONDS: Final = 60.0
"""After so long without Redis a reader is let go: it can come again."""


class RedisSource:
    """One reader's way through one stream; *ending* is set when this process ends."""

    def __init__(self, redis: Redis, key: StreamKey, ending: asyncio.Event) -> None:
        self._redis = redis
        self._key = key
        self._ending = ending
        self._loop = asyncio.get_running_loop()
        self._said_at = float("-inf")
        self._is_fed_until = self._loop.time() + FEED_SECONDS
        self._answered_at = self._loop.time()

    async def locate(self, after: int) -> int | None:
        """See ``Source``; raises Unavailable too."""
        try:
            oldest: Any = await self._redis.xrange(events_name(self._key), count=1)
            newest: Any = await self._redis.xrevrange(events_name(self._key), count=1)
        except RedisError:
            raise Unavailable from None
        entries = read_entries([*oldest, *newest])
        if entries and after + 1 < entries[0].first:
            raise Gone
        reached = entries[-1].last if entries else 0
        if entries and entries[-1].is_last and after >= reached:
            return None
        return after if after <= reached + AHEAD else reached

    async def follow(self, position: int) -> AsyncGenerator[Piece, None]:
        """See ``Source``."""
        while not self._ending.is_set():
            raise_if_cancelled()
            try:
                entries = await self._next(position)
                if not entries and not await self._is_fed():
                    await self._bury(position)
                self._answered_at = self._loop.time()
            except RedisError:
                if self._loop.time() > self._answered_at + AWAY_SECONDS:
                    return
                self._is_fed_until = self._loop.time() + FEED_SECONDS
                await asyncio.sleep(RETRY_SECONDS)
                continue
            for entry in entries:
                yield Piece(entry.last, entry.after(position))
                position = entry.last
                if entry.is_last:
                    return

    async def _next(self, position: int) -> list[Entry]:
        """Say that the stream is read; return what follows *position*, or [] if nothing comes."""
        if self._loop.time() > self._said_at + RENEW_SECONDS:
            await self._redis.set(read_name(self._key), 1, px=int(READ_SECONDS * 1000))
            self._said_at = self._loop.time()
        name = events_name(self._key)
        found: Any = await self._redis.xread(
            {name: f"{position}-0"}, count=ENTRIES, block=WAIT_MILLISECONDS
        )
        return [one for _, entries in found or () for one in read_entries(entries)]

    async def _is_fed(self) -> bool:
        """Return whether a process still writes it; one that Redis came back to needs a moment."""
        if await self._redis.exists(fed_name(self._key)):
            self._is_fed_until = self._loop.time() + FEED_SECONDS / 2
        return self._loop.time() < self._is_fed_until

    async def _bury(self, position: int) -> None:
        """End the stream of a process that is gone: once, for all who read it."""
        failure = encode(Error.from_failure(StreamError("shutting_down", "process_gone")))
        event = b"id: %d\ndata: %b\n\n" % (position + 1, failure)
        entry = to_entry([event], position + 1, is_last=True)
        name = events_name(self._key)
        try:
            added = await self._redis.xadd(name, entry.fields(), id=entry.id, nomkstream=True)
        except ResponseError:
            return  # another reader was first: it is there to be read
        if added is None:
            raise Gone
