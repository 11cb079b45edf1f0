"""Streams end with what let them in, whoever ended that; others go on."""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import structlog

from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.errors import Unavailable
from mlx_relay.grants import Grant, KeyGrant, SessionGrant

ADA = SessionGrant(1, 0, "ada")
BOB = KeyGrant(2, "user", 5)


class Standing:
    """Says what has ended, and notes what it was asked for; may be broken."""

    def __init__(self) -> None:
        self.ended: set[Grant] = set()
        self.asked: list[set[Grant]] = []
        self.failure: Exception | None = None
        self.looked = asyncio.Event()

    async def find(self, grants: Collection[Grant]) -> set[Grant]:
        self.asked.append(set(grants))
        self.looked.set()
        if self.failure:
            raise self.failure
        return self.ended & set(grants)

    async def next_look(self) -> None:
        self.looked.clear()
        await self.looked.wait()


@asynccontextmanager
async def watched(streams: LiveStreams) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(streams.watch())
        yield
        watching.cancel()


async def test_only_the_streams_of_a_grant_that_ended_are_ended() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find, look_seconds=60)
    first, second, other = asyncio.Event(), asyncio.Event(), asyncio.Event()
    async with watched(streams):
        with (
            streams.hold(ADA, first.set),
            streams.hold(ADA, second.set),
            streams.hold(BOB, other.set),
        ):
            standing.ended = {ADA}
            streams.look()
            await first.wait()
            await second.wait()
            assert not other.is_set()
    assert standing.asked == [{ADA, BOB}]


async def test_a_change_that_nobody_tells_of_is_seen_all_the_same() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find, look_seconds=0.001)
    ended = asyncio.Event()
    async with watched(streams):
        with streams.hold(ADA, ended.set):
            await standing.next_look()
            assert not ended.is_set()
            standing.ended = {ADA}
            await ended.wait()


async def test_without_streams_nothing_is_asked() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find, look_seconds=0.001)
    async with watched(streams):
        with streams.hold(ADA, lambda: None):
            await standing.next_look()
        asked = len(standing.asked)
        for _ in range(20):
            streams.look()
            await asyncio.sleep(0)
        assert len(standing.asked) == asked


async def test_a_database_that_is_gone_ends_no_stream_and_no_watch() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find, look_seconds=0.001)
    ended = asyncio.Event()
    standing.ended = {ADA}
    async with watched(streams):
        with streams.hold(ADA, ended.set):
            standing.failure = Unavailable()
            await standing.next_look()
            await standing.next_look()
            assert not ended.is_set()
            standing.failure = None
            await ended.wait()


async def test_a_bug_is_logged_and_ends_no_watch() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find, look_seconds=60)
    ended = asyncio.Event()
    with structlog.testing.capture_logs() as logged:
        async with watched(streams):
            with streams.hold(ADA, ended.set):
                standing.failure = RuntimeError()
                streams.look()
                await standing.next_look()
                standing.failure, standing.ended = None, {ADA}
                streams.look()
                await ended.wait()
    assert [entry["event"] for entry in logged] == ["look_for_ended_grants_failed"]


async def test_a_stream_that_ends_itself_leaves_nothing_behind() -> None:
    standing = Standing()
    streams = LiveStreams(standing.find)
    with streams.hold(ADA, lambda: None), streams.hold(ADA, lambda: None):
        pass
    assert not streams._ends
