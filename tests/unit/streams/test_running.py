"""Streams that go on without their clients, and end when nobody comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest
from structlog.testing import capture_logs

from mlx_relay.admission import Turn
from mlx_relay.errors import NotFound, StreamError, Unavailable
from mlx_relay.events import Done, Error, Response
from mlx_relay.grants import SessionGrant
from mlx_relay.pipeline import Pipeline
from mlx_relay.profiles import Profile
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import ClientSink
from mlx_relay.streams.log import StreamKey
from mlx_relay.streams.memory import MemoryBuffers
from mlx_relay.streams.running import Streams
from support.until import until
from support.values import stream_info

GRACE_SECONDS = 0.02
LONG_SECONDS = 60.0


class FakeRelay:
    """Says ``hi``, then waits for *go* or a stop; may refuse, or break."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.stopped = asyncio.Event()
        self.cause = ""
        self.refusal: Exception | None = None
        self.bug: Exception | None = None
        self.held = 0

    @asynccontextmanager
    async def admit(self, _user_id: int, _profile: Profile) -> AsyncIterator[Turn]:
        if self.refusal:
            raise self.refusal
        self.held += 1
        try:
            yield Turn()
        finally:
            self.held -= 1

    async def run(self, chat: Chat, client: ClientSink, turn: Turn) -> None:
        del chat, turn
        client.send([Response("hi")])
        if self.bug:
            raise self.bug
        await self.go.wait()
        stopped = Error.from_failure(StreamError("stopped", self.cause))
        client.send([stopped if self.stopped.is_set() else Done("stop")])

    def stop(self, stream_id: str, cause: str) -> None:
        assert stream_id == CHAT.info.stream_id
        self.cause = cause
        self.stopped.set()
        self.go.set()


class FarBuffers(MemoryBuffers):
    """With a reader at another process, and streams that others write."""

    def __init__(self) -> None:
        super().__init__()
        self.is_read_far = True
        self.asked = asyncio.Event()
        self.stopped: list[StreamKey] = []

    async def is_read_elsewhere(self, key: StreamKey) -> bool:
        self.asked.set()
        return self.is_read_far

    async def stop_elsewhere(self, key: StreamKey) -> None:
        self.stopped.append(key)


CHAT = Chat(
    profile=Profile(id=2, name="p", host="127.0.0.1", port=1, model_path="m"),
    body=b"{}",
    info=stream_info(),
    pipeline=Pipeline(),
    grant=SessionGrant(7, 0, "sign-in"),
)
USER, ID = CHAT.info.user_id, CHAT.info.stream_id


async def test_a_stream_that_nobody_reads_is_stopped_when_the_grace_is_over() -> None:
    relay, buffers = FakeRelay(), MemoryBuffers()
    async with Streams(relay, buffers, grace_seconds=GRACE_SECONDS) as streams:
        await streams.start(CHAT)
        assert relay.held == 1
        await relay.stopped.wait()
    assert relay.cause == "no_reader"
    assert relay.held == 0
    log = buffers.own(StreamKey(USER, ID))
    assert log is not None
    assert log.is_over


async def test_a_reader_keeps_it_alive_and_gets_all_of_it() -> None:
    relay, unread = FakeRelay(), FakeRelay()
    async with (
        Streams(relay, MemoryBuffers(), grace_seconds=GRACE_SECONDS) as streams,
        Streams(unread, MemoryBuffers(), grace_seconds=2 * GRACE_SECONDS) as others,
    ):
        source = await streams.start(CHAT)
        async with aclosing(source.follow(0)) as pieces:
            await anext(pieces)
            await others.start(CHAT)
            await unread.stopped.wait()
            assert not relay.stopped.is_set()
            relay.go.set()
            assert b'"done"' in (await anext(pieces)).events
        assert await (await streams.find(USER, ID)).locate(2) is None


async def test_a_reader_elsewhere_keeps_it_alive_too() -> None:
    relay, buffers = FakeRelay(), FarBuffers()
    async with Streams(relay, buffers, grace_seconds=GRACE_SECONDS) as streams:
        await streams.start(CHAT)
        await buffers.asked.wait()
        buffers.asked.clear()
        await buffers.asked.wait()
        assert not relay.stopped.is_set()
        buffers.is_read_far = False
        await relay.stopped.wait()


async def test_a_user_stops_a_stream_wherever_it_is_written() -> None:
    relay, buffers = FakeRelay(), FarBuffers()
    async with Streams(relay, buffers, grace_seconds=LONG_SECONDS) as streams:
        await streams.start(CHAT)
        await streams.stop(USER + 1, ID)
        assert not relay.stopped.is_set()
        await streams.stop(USER, ID)
        assert relay.cause == "asked"
    assert buffers.stopped == [StreamKey(USER + 1, ID)]


async def test_a_stream_that_is_not_let_in_is_refused_and_leaves_nothing() -> None:
    relay = FakeRelay()
    relay.refusal = Unavailable()
    async with Streams(relay, MemoryBuffers(), grace_seconds=LONG_SECONDS) as streams:
        with pytest.raises(Unavailable):
            await streams.start(CHAT)
        with pytest.raises(NotFound):
            await streams.find(USER, ID)


async def test_a_bug_ends_one_stream_and_not_the_others() -> None:
    relay = FakeRelay()
    async with Streams(relay, MemoryBuffers(), grace_seconds=LONG_SECONDS) as streams:
        await streams.start(CHAT)
        relay.bug = RuntimeError("a bug")
        with capture_logs() as logs:
            await streams.start(CHAT)
            await until(lambda: logs)
        assert logs[0]["event"] == "resumable_stream_failed"
        assert relay.held == 1
        relay.go.set()


async def test_a_client_that_leaves_while_it_waits_to_be_let_in_starts_nothing() -> None:
    relay, buffers = FakeRelay(), MemoryBuffers()
    entered = asyncio.Event()
    let_in = asyncio.Event()

    @asynccontextmanager
    async def slow_admit(_user_id: int, _profile: Profile) -> AsyncIterator[Turn]:
        entered.set()
        await let_in.wait()
        yield Turn()

    relay.admit = slow_admit  # type: ignore[method-assign]  # a fake of one call
    async with Streams(relay, buffers, grace_seconds=LONG_SECONDS) as streams:
        async with asyncio.TaskGroup() as group:
            starting = group.create_task(streams.start(CHAT))
            await entered.wait()
            starting.cancel()
        let_in.set()
    assert buffers.own(StreamKey(USER, ID)) is None
