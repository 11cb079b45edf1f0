"""Copies of logs in Redis: whole, bounded like the logs, and made again when Redis lost them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from mlx_relay.streams.log import PIECE_EVENTS, StreamKey, StreamLog
from mlx_relay.streams.redis_copy import RedisCopies
from mlx_relay.streams.redis_entries import Entry, events_name, fed_name, read_entries
from support.until import until

KEY = StreamKey(7, "s")


@asynccontextmanager
async def copying(redis: Redis) -> AsyncIterator[RedisCopies]:
    copies = RedisCopies(redis, lambda _: True, keep_seconds=60)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(copies.run())
        yield copies
        task.cancel()


def new_log() -> StreamLog:
    return StreamLog(KEY, 1 << 20)


async def copied(redis: Redis) -> list[Entry]:
    found: Any = await redis.xrange(events_name(KEY))
    return read_entries(found)


async def wait_for(redis: Redis, last: int) -> list[Entry]:
    """Return the copy when it has come to event number *last*."""
    async with asyncio.timeout(30):
        while True:
            entries = await copied(redis)
            if entries and entries[-1].last >= last:
                return entries


async def test_what_a_log_takes_comes_to_redis_and_its_end_is_marked(redis: Redis) -> None:
    log = new_log()
    async with copying(redis) as copies:
        log.append([b"1", b"2"], is_last=False)
        copies.note(log)
        (entry,) = await wait_for(redis, 2)
        assert (entry.first, entry.is_last) == (1, False)
        assert await redis.exists(fed_name(KEY))
        log.append([b"3"], is_last=True)
        copies.note(log)
        entries = await wait_for(redis, 3)
    assert entries[-1].is_last
    assert b"".join(entry.events for entry in entries) == b"".join(log.since(0))
    assert 0 < await redis.pttl(events_name(KEY)) <= 60_000


async def test_a_long_log_goes_in_pieces(redis: Redis) -> None:
    log = new_log()
    log.append([b"x"] * (2 * PIECE_EVENTS + 1), is_last=True)
    copies = RedisCopies(redis, lambda _: True, keep_seconds=60)
    copies.note(log)
    await copies.flush()
    entries = await copied(redis)
    assert [entry.last for entry in entries] == [PIECE_EVENTS, 2 * PIECE_EVENTS, log.last]
    assert [entry.is_last for entry in entries] == [False, False, True]


async def test_what_the_log_gave_up_is_given_up_in_redis(redis: Redis) -> None:
    log = new_log()
    copies = RedisCopies(redis, lambda _: True, keep_seconds=60)
    for event in (b"1", b"2", b"3"):
        log.append([event], is_last=False)
        copies.note(log)
        await copies.flush()
    log.shrink(log.bytes // 2)
    log.append([b"4"], is_last=False)
    copies.note(log)
    await copies.flush()
    assert [entry.first for entry in await copied(redis)] == list(range(log.first, 5))


async def test_what_redis_lost_goes_there_again(redis: Redis) -> None:
    log = new_log()
    log.append([b"1"], is_last=False)
    async with copying(redis) as copies:
        copies.note(log)
        await wait_for(redis, 1)
        await redis.flushall()
        # It is seen at the next renewal, or sooner with the next event.
        assert (await wait_for(redis, 1))[0].first == 1
        await redis.flushall()
        log.append([b"2"], is_last=True)
        copies.note(log)
        entries = await wait_for(redis, 2)
    assert b"".join(entry.events for entry in entries) == b"".join(log.since(0))


async def test_a_redis_that_is_away_is_tried_again_and_nobody_waits_for_it(
    no_redis: Redis,
) -> None:
    log = new_log()
    log.append([b"1"], is_last=True)
    async with copying(no_redis) as copies:
        assert not copies.failed_within(60)
        copies.note(log)
        await until(lambda: copies.failed_within(60))
        with pytest.raises(RedisError):
            await copies.flush()
