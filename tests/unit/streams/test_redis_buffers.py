"""Logs here, copies in Redis: found, read and stopped from any process, by their own user."""

import asyncio
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from mlx_relay.errors import NotFound, Unavailable
from mlx_relay.streams.log import StreamKey
from mlx_relay.streams.redis_buffers import RedisBuffers
from mlx_relay.streams.redis_entries import STOPS

KEY = StreamKey(7, "s")


def ignore(_stream_id: str) -> None:
    pass


async def test_a_stream_of_one_process_is_read_and_stopped_at_another(redis: Redis) -> None:
    stopped: asyncio.Queue[str] = asyncio.Queue()
    await redis.xadd(STOPS, {"stream_id": "an old one"})
    async with (
        RedisBuffers(redis, stopped.put_nowait).running() as one,
        RedisBuffers(redis, ignore).running() as other,
    ):
        log = one.open(KEY)
        one.append(log, [b"1"], is_last=False)
        assert await one.find(KEY) is one.own(KEY)
        assert not await one.is_read_elsewhere(KEY)
        source = await other.find(KEY)
        assert other.own(KEY) is None
        async with aclosing(source.follow(0)) as pieces:
            assert (await anext(pieces)).events == b"id: 1\ndata: 1\n\n"
            assert await one.is_read_elsewhere(KEY)
            await other.stop_elsewhere(KEY)
            assert await stopped.get() == "s"
            one.append(log, [b"2"], is_last=True)
            assert (await anext(pieces)).last == 2
        for strangers in (StreamKey(8, "s"), StreamKey(7, "t")):
            with pytest.raises(NotFound):
                await other.find(strangers)
            with pytest.raises(NotFound):
                await other.stop_elsewhere(strangers)
        other.end_reading()


async def test_who_has_no_streams_asks_nothing_and_then_hears_what_was_said_meanwhile(
    redis: Redis,
) -> None:
    stopped: asyncio.Queue[str] = asyncio.Queue()
    await redis.config_resetstat()
    async with RedisBuffers(redis, stopped.put_nowait).running() as one:
        for _ in range(20):
            await redis.ping()
        assert "cmdstat_xread" not in await redis.info("commandstats")
        await redis.xadd(STOPS, {"stream_id": "s"})
        log = one.open(KEY)
        assert await stopped.get() == "s"
        one.append(log, [b"1"], is_last=True)
        other = one.open(StreamKey(7, "t"))
        await redis.xadd(STOPS, {"stream_id": "t"})
        assert await stopped.get() == "t"
        one.append(other, [b"1"], is_last=True)


async def test_what_ends_with_a_process_is_in_redis_before_it_goes(redis: Redis) -> None:
    async with RedisBuffers(redis, ignore).running() as one:
        one.append(one.open(KEY), [b"1", b"2"], is_last=True)
    async with RedisBuffers(redis, ignore).running() as other:
        source = await other.find(KEY)
        assert [piece.last async for piece in source.follow(0)] == [2]


async def test_without_redis_own_streams_are_read_and_of_others_nothing_is_known(
    no_redis: Redis,
) -> None:
    async with RedisBuffers(no_redis, ignore).running() as buffers:
        log = buffers.open(KEY)
        buffers.append(log, [b"1"], is_last=True)
        assert [piece.last async for piece in (await buffers.find(KEY)).follow(0)] == [1]
        # Maybe somebody reads it: it must not end for that.
        assert await buffers.is_read_elsewhere(KEY)
        for ask in (buffers.find, buffers.stop_elsewhere):
            with pytest.raises(Unavailable):
                await ask(StreamKey(7, "other"))
