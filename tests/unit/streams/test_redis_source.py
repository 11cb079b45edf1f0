"""A reader's way through a stream that another process writes."""

import asyncio
from contextlib import aclosing

import pytest
from redis.asyncio import Redis

from mlx_relay.errors import Gone, Unavailable
from mlx_relay.streams import redis_source
from mlx_relay.streams.log import StreamKey
from mlx_relay.streams.redis_entries import events_name, fed_name, read_name, to_entry
from mlx_relay.streams.redis_source import AHEAD, RedisSource

KEY = StreamKey(7, "s")


def sse(number: int) -> bytes:
    return b"id: %d\ndata: {}\n\n" % number


def source_of(redis: Redis, ending: asyncio.Event | None = None) -> RedisSource:
    return RedisSource(redis, KEY, ending or asyncio.Event())


async def write(redis: Redis, first: int, last: int, *, is_last: bool = False) -> None:
    events = [sse(number) for number in range(first, last + 1)]
    entry = to_entry(events, last, is_last=is_last)
    await redis.xadd(events_name(KEY), entry.fields(), id=entry.id)
    await redis.set(fed_name(KEY), 1)


async def test_it_tells_where_to_begin(redis: Redis) -> None:
    source = source_of(redis)
    # The client may be quicker than the copy, but not by any number.
    assert [await source.locate(after) for after in (0, 3, 10**9)] == [0, 3, 0]
    await write(redis, 3, 6)
    assert [await source.locate(after) for after in (2, 6, 7, 10**9)] == [2, 6, 7, 6]
    assert await source.locate(6 + AHEAD) == 6 + AHEAD
    with pytest.raises(Gone):
        await source.locate(1)
    await write(redis, 7, 7, is_last=True)
    assert [await source.locate(after) for after in (6, 7, 8)] == [6, None, None]


async def test_it_reads_from_the_middle_of_a_piece_to_the_end(redis: Redis) -> None:
    await write(redis, 1, 3)
    async with aclosing(source_of(redis).follow(2)) as pieces:
        assert await anext(pieces) == (3, sse(3))
        assert await redis.exists(read_name(KEY))
        await write(redis, 4, 5)
        assert await anext(pieces) == (5, sse(4) + sse(5))
        await write(redis, 6, 6, is_last=True)
        assert [piece async for piece in pieces] == [(6, sse(6))]


async def test_a_gap_is_told(redis: Redis) -> None:
    await write(redis, 5, 6)
    async with aclosing(source_of(redis).follow(1)) as pieces:
        with pytest.raises(Gone):
            await anext(pieces)


async def test_a_process_that_is_gone_ends_its_stream_once(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_source, "FEED_SECONDS", 0.01)
    await write(redis, 1, 2)
    await redis.delete(fed_name(KEY))

    async def read() -> list[tuple[int, bytes]]:
        return [piece async for piece in source_of(redis).follow(2)]

    async with asyncio.TaskGroup() as group:
        readers = [group.create_task(read()) for _ in range(2)]
    one, other = (reader.result() for reader in readers)
    assert one == other
    ((last, event),) = one
    assert last == 3
    assert b'"code":"shutting_down"' in event
    assert await source_of(redis).locate(3) is None


async def test_a_stream_of_which_nothing_is_left_is_told_as_a_gap(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_source, "FEED_SECONDS", 0.01)
    async with aclosing(source_of(redis).follow(2)) as pieces:
        with pytest.raises(Gone):
            await anext(pieces)
    assert not await redis.exists(events_name(KEY))


async def test_a_process_that_ends_lets_its_readers_go(redis: Redis) -> None:
    await write(redis, 1, 1)
    ending = asyncio.Event()
    async with aclosing(source_of(redis, ending).follow(0)) as pieces:
        await anext(pieces)
        ending.set()
        assert [piece async for piece in pieces] == []


async def test_without_redis_nobody_begins_and_who_reads_is_let_go_in_the_end(
    no_redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_source, "AWAY_SECONDS", 0.01)
    with pytest.raises(Unavailable):
        await source_of(no_redis).locate(0)
    assert [piece async for piece in source_of(no_redis).follow(0)] == []
