"""When the head of a stream goes out, and what becomes of a client that leaves before it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import pytest
from aiohttp import ClientTimeout, web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.admission import Turn
from mlx_relay.errors import FAILURES
from mlx_relay.events import Done, Error, Event, Response, Start, Status
from mlx_relay.profiles import Profile
from mlx_relay.relay import Relay
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import ClientSink
from mlx_relay.web.app_keys import RELAY
from mlx_relay.web.dialects import answering
from mlx_relay.web.errors import setup_errors

Client: TypeAlias = TestClient[web.Request, web.Application]

START = Start("s", "p", "m")


class Words:
    """A dialect that says the kind of each event."""

    def encode(self, event: Event) -> bytes:
        return f": {type(event).__name__}\n\n".encode()

    def whole(self, events: Sequence[Event]) -> object:
        return [type(event).__name__ for event in events]

    def describe_error(self, status: int, code: str, message: str) -> tuple[int, object]:
        return status, {"code": code, "message": message}


class HeldRelay:
    """Starts a stream at once and goes on with *events* when a test says so."""

    def __init__(self) -> None:
        self.started = asyncio.Event()
        self.go_on = asyncio.Event()
        self.left = asyncio.Event()
        self.places = 0
        self.events: Sequence[Event] = [Response("hi"), Done("stop")]

    @asynccontextmanager
    async def admit(self, _user_id: int, _profile: Profile) -> AsyncIterator[Turn]:
        self.places += 1
        try:
            yield Turn()
        finally:
            self.places -= 1

    async def run(self, _chat: Chat, client: ClientSink, _turn: Turn) -> None:
        client.send([START, Status("queued", 1)])
        self.started.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.left.set()
            raise
        client.send(self.events)
        await client.drain()


@pytest.fixture
def relay() -> HeldRelay:
    return HeldRelay()


@pytest.fixture
async def client(relay: HeldRelay, made_chat: Chat) -> AsyncIterator[Client]:
    async def stream(request: web.Request) -> web.StreamResponse:
        return await answering.stream(request, made_chat, Words())

    async def gather(request: web.Request) -> web.StreamResponse:
        return await answering.gather(request, made_chat, Words())

    app = web.Application()
    setup_errors(app)
    app[RELAY] = cast("Relay", relay)
    app.router.add_post("/stream", stream)
    app.router.add_post("/gather", gather)
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(client: Client, path: str) -> tuple[int, str]:
    async with client.post(path, timeout=ClientTimeout(total=30)) as answer:
        return answer.status, await answer.text()


def test_every_failure_has_a_status() -> None:
    assert set(answering.STATUSES) == set(FAILURES)


async def test_the_head_waits_for_the_first_word(client: Client, relay: HeldRelay) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(post(client, "/stream"))
        await relay.started.wait()
        relay.events = [Error("Broken.", "upstream_busy", True)]
        relay.go_on.set()
    assert asked.result() == (503, '{"code":"upstream_busy","message":"Broken."}')
    assert relay.places == 0


async def test_what_was_said_before_the_first_word_comes_with_it(
    client: Client, relay: HeldRelay
) -> None:
    relay.go_on.set()
    assert await post(client, "/stream") == (
        200,
        ": Start\n\n: Status\n\n: Response\n\n: Done\n\n",
    )


async def test_the_head_waits_no_longer_than_a_heartbeat(
    client: Client, relay: HeldRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answering, "HEARTBEAT_SECONDS", 0.01)
    relay.events = [Error("Broken.", "upstream_busy", True)]
    async with client.post("/stream") as answer:
        assert answer.status == 200
        assert await answer.content.readuntil(b"Status\n\n")
        relay.go_on.set()
        assert await answer.text() == ": Error\n\n"


@pytest.mark.parametrize("path", ["/stream", "/gather"])
async def test_a_client_that_leaves_before_the_first_word_ends_the_chat(
    client: Client, relay: HeldRelay, path: str
) -> None:
    async with asyncio.TaskGroup() as group:
        asked = group.create_task(post(client, path))
        await relay.started.wait()
        asked.cancel()
    await asyncio.wait_for(relay.left.wait(), 30)


async def test_a_whole_answer_comes_when_the_chat_has_ended(
    client: Client, relay: HeldRelay
) -> None:
    relay.go_on.set()
    assert await post(client, "/gather") == (200, '["Start","Status","Response","Done"]')


async def test_a_whole_answer_that_broke_is_none(client: Client, relay: HeldRelay) -> None:
    relay.events = [Response("hi"), Error("Broken.", "upstream_truncated", True)]
    relay.go_on.set()
    status, text = await post(client, "/gather")
    assert (status, "upstream_truncated" in text) == (502, True)


@pytest.fixture
def made_chat() -> Any:
    """A chat of which nothing is looked at but who asks whom."""

    class Info:
        user_id = 7

    class AnyChat:
        info = Info
        profile = None

    return AnyChat
