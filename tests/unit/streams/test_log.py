"""The log: numbers, bounds, and readers who go at their own pace."""

import asyncio
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import Gone
from mlx_relay.streams.log import OVERHEAD_BYTES, PIECE_EVENTS, StreamKey, StreamLog

KEY = StreamKey(7, "s")


def log_of(*events: bytes, is_over: bool = False, max_bytes: int = 1 << 20) -> StreamLog:
    log = StreamLog(KEY, max_bytes)
    log.append(events, is_last=is_over)
    return log


async def read(log: StreamLog, after: int = 0) -> bytes:
    return b"".join([piece.events async for piece in log.follow(after)])


async def test_events_are_numbered_from_1_as_sse() -> None:
    log = log_of(b"{}", b'{"a":1}', is_over=True)
    assert await read(log) == b'id: 1\ndata: {}\n\nid: 2\ndata: {"a":1}\n\n'
    assert await read(log, 1) == b'id: 2\ndata: {"a":1}\n\n'


async def test_a_reader_waits_for_what_comes_until_the_end() -> None:
    log = log_of(b"1")
    async with aclosing(log.follow(0)) as pieces:
        assert (await anext(pieces)).last == 1
        async with asyncio.TaskGroup() as group:
            task = group.create_task(anext(pieces, None))
            await asyncio.sleep(0)
            assert not task.done()
            log.append([b"2", b"3"], is_last=True)
        piece = task.result()
        assert piece is not None
        assert piece.last == 3
        assert await anext(pieces, None) is None


async def test_a_long_log_comes_in_pieces() -> None:
    log = log_of(*[b"x"] * (PIECE_EVENTS + 1), is_over=True)
    lasts = [piece.last async for piece in log.follow(0)]
    assert lasts == [PIECE_EVENTS, PIECE_EVENTS + 1]


async def test_it_tells_where_to_begin() -> None:
    live, over = log_of(b"1", b"2"), log_of(b"1", b"2", is_over=True)
    assert [await live.locate(after) for after in (0, 1, 2, 99)] == [0, 1, 2, 2]
    assert [await over.locate(after) for after in (0, 1, 2, 99)] == [0, 1, None, None]


async def test_beyond_its_bound_the_oldest_events_go_and_who_needs_them_is_told() -> None:
    size = OVERHEAD_BYTES + len(b"id: 1\ndata: x\n\n")
    log = log_of(*[b"x"] * 20, max_bytes=10 * size)
    assert log.bytes <= 10 * (size + 1)
    assert log.first > 10
    assert log.last == 20
    for after in (0, log.first - 2):
        with pytest.raises(Gone):
            await log.locate(after)
    assert await log.locate(log.first - 1) == log.first - 1


async def test_a_reader_that_fell_behind_is_told_in_the_middle() -> None:
    log = log_of(b"1")
    async with aclosing(log.follow(0)) as pieces:
        await anext(pieces)
        log.append([b"2", b"3"], is_last=False)
        log.shrink(log.bytes)
        with pytest.raises(Gone):
            await anext(pieces)


async def test_the_newest_event_is_never_given_up() -> None:
    log = log_of(b"a large one", is_over=True, max_bytes=1)
    assert await read(log) == b"id: 1\ndata: a large one\n\n"


async def test_it_knows_whether_anybody_reads() -> None:
    log = log_of(b"1")
    assert log.has_no_reader.is_set()
    async with aclosing(log.follow(0)) as one, aclosing(log.follow(0)) as other:
        await anext(one)
        await anext(other)
        assert log.has_reader.is_set()
        await other.aclose()
        assert log.has_reader.is_set()
        assert not log.has_no_reader.is_set()
    assert log.has_no_reader.is_set()
    assert not log.has_reader.is_set()


@given(st.lists(st.integers(1, 5)), st.integers(0, 30))
def test_any_cut_gives_every_event_once(batches: list[int], after: int) -> None:
    async def check() -> None:
        log = StreamLog(KEY, 1 << 20)
        for size in batches:
            log.append([b"x"] * size, is_last=False)
        log.append([b"end"], is_last=True)
        numbers = [
            int(message.split()[1])
            for message in (await read(log, after)).split(b"\n\n")
            if message
        ]
        assert numbers == list(range(after + 1, log.last + 1))

    asyncio.run(check())
