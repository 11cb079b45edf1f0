"""How a client reads a resumable stream: to its end, or to its own."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from typing import Any, TypeAlias, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.auth.middleware import IDENTITY, Identity
from mlx_relay.errors import Gone
from mlx_relay.grants import Grant, SessionGrant
from mlx_relay.streams.log import Piece, StreamKey, StreamLog
from mlx_relay.web import stream_reading
from mlx_relay.web.app_keys import LIVE_STREAMS
from mlx_relay.web.errors import setup_errors
from mlx_relay.web.stream_reading import read_stream

Client: TypeAlias = TestClient[web.Request, web.Application]
GRANT = SessionGrant(7, 0, "s")


class Ended:
    """The grants that have ended."""

    def __init__(self) -> None:
        self.grants: set[Grant] = set()

    async def find(self, _grants: Collection[Grant]) -> set[Grant]:
        return self.grants


@pytest.fixture
def log() -> StreamLog:
    log = StreamLog(StreamKey(7, "s"), 1 << 20)
    log.append([b"1", b"2"], is_last=False)
    return log


@pytest.fixture
async def client(log: StreamLog) -> AsyncIterator[Client]:
    async with reading(lambda: log) as client:
        yield client


def reading(source: Callable[[], Any]) -> Client:
    """Return a client of a server that serves *source* from the number in the address."""

    async def read(request: web.Request) -> web.StreamResponse:
        return await read_stream(request, source(), int(request.match_info["after"]))

    @web.middleware
    async def as_ada(request: web.Request, handler: Any) -> web.StreamResponse:
        request[IDENTITY] = Identity(7, "ada", "user", "token", GRANT)
        return cast("web.StreamResponse", await handler(request))

    app = web.Application()
    setup_errors(app)
    app.middlewares.append(as_ada)
    app[LIVE_STREAMS] = LiveStreams(Ended().find)
    app.router.add_get("/{after}", read)
    return TestClient(TestServer(app))


async def test_it_reads_on_to_the_end(client: Client, log: StreamLog) -> None:
    async with client.get("/1") as answer:
        assert answer.content_type == "text/event-stream"
        log.append([b"3"], is_last=True)
        assert await answer.text() == "id: 2\ndata: 2\n\nid: 3\ndata: 3\n\n"


async def test_nothing_to_follow_is_204_which_keeps_event_sources_away(
    client: Client, log: StreamLog
) -> None:
    log.append([b"3"], is_last=True)
    async with client.get("/3") as answer:
        assert (answer.status, await answer.read()) == (204, b"")


async def test_what_is_not_kept_any_more_is_410(client: Client, log: StreamLog) -> None:
    log.shrink(1)
    async with client.get("/0") as answer:
        assert answer.status == 410
        assert (await answer.json())["error"]["code"] == "gone"


async def test_one_that_fell_behind_is_told_so_under_a_new_number() -> None:
    class Gapped:
        async def locate(self, after: int) -> int:
            return after

        async def follow(self, _position: int) -> AsyncGenerator[Piece, None]:
            yield Piece(4, b"id: 4\ndata: 4\n\n")
            raise Gone

    async with reading(Gapped) as client, client.get("/3") as answer:
        *_, last, end = (await answer.text()).split("\n\n")
        assert last.startswith("id: 5\n")
        assert '"code":"too_slow"' in last
        assert end == ""


async def test_who_is_let_in_no_more_reads_no_more_and_the_stream_goes_on(
    log: StreamLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = Ended()
    async with reading(lambda: log) as client:
        assert client.app is not None
        streams = LiveStreams(ended.find)
        client.app._state[LIVE_STREAMS] = streams
        async with asyncio.TaskGroup() as group, client.get("/2") as answer:
            watching = group.create_task(streams.watch())
            await log.has_reader.wait()
            ended.grants.add(GRANT)
            streams.look()
            streams.look()
            text = await answer.text()
            watching.cancel()
        assert text.startswith("id: 3\n")
        assert '"code":"session_revoked"' in text
        assert not log.is_over
        await log.has_no_reader.wait()


async def test_a_client_that_takes_nothing_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_reading, "STALL_SECONDS", 0.01)
    left = asyncio.Event()

    class Endless:
        async def locate(self, after: int) -> int:
            return after

        async def follow(self, _position: int) -> AsyncGenerator[Piece, None]:
            try:
                while True:
                    yield Piece(1, b"x" * 1_000_000)
            finally:
                left.set()

    # It reads the head and no more.
    async with reading(Endless) as client, client.get("/0") as answer:
        assert answer.status == 200
        await left.wait()
