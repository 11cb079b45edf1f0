"""The chat handler: what it makes of a request before the relay takes over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeAlias, cast

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.admission import Turn
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.auth.middleware import IDENTITY, Identity
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import ProfileNotFound, Unavailable
from mlx_relay.events import Done, Response
from mlx_relay.grants import Grant, SessionGrant
from mlx_relay.profiles import Profile
from mlx_relay.relay import Relay
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import ClientSink
from mlx_relay.streams import Streams
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.web.app_keys import LIVE_STREAMS, PROFILES, RELAY, STREAMS
from mlx_relay.web.chat import complete
from mlx_relay.web.errors import setup_errors

Client: TypeAlias = TestClient[web.Request, web.Application]

GRANT = SessionGrant(7, 0, "s")
ON = Profile(id=1, name="on", host="127.0.0.1", port=1, model_path="m")
KNOWN = {
    1: ON,
    2: msgspec.structs.replace(ON, id=2, enabled=False),
    3: msgspec.structs.replace(ON, id=3, starts_in_thinking=True),
}
HELLO = [{"role": "user", "content": "Hello!"}]


class FakeRelay:
    """Keeps the chats it is given and says ``hi`` to each; may have no place."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.has_place = True
        self.turn = Turn()

    @asynccontextmanager
    async def admit(self, _user_id: int, _profile: Profile) -> AsyncIterator[Turn]:
        if not self.has_place:
            raise Unavailable
        yield self.turn

    async def run(self, chat: Chat, client: ClientSink, turn: Turn) -> None:
        assert turn is self.turn
        self.chats.append(chat)
        client.send([Response("hi"), Done("stop")])
        await client.drain()


@web.middleware
async def as_ada(request: web.Request, handler: Any) -> web.StreamResponse:
    request[IDENTITY] = Identity(7, "ada", "user", "token", GRANT)
    return cast("web.StreamResponse", await handler(request))


async def find(profile_id: int | str) -> Profile:
    if not isinstance(profile_id, int) or profile_id not in KNOWN:
        raise ProfileNotFound
    return KNOWN[profile_id]


@pytest.fixture
def relay() -> FakeRelay:
    return FakeRelay()


@pytest.fixture
async def client(relay: FakeRelay) -> AsyncIterator[Client]:
    app = web.Application()
    setup_errors(app)
    app.middlewares.append(as_ada)
    app[PROFILES] = TtlCache(find)
    app[RELAY] = cast("Relay", relay)
    app.router.add_post("/chat", complete)
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(client: Client, **fields: Any) -> tuple[int, str]:
    async with client.post("/chat", json={"messages": HELLO, **fields}) as answer:
        return answer.status, await answer.text()


async def test_the_answer_is_an_event_stream_that_nobody_buffers(client: Client) -> None:
    async with client.post("/chat", json={"profile_id": 1, "messages": HELLO}) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert answer.headers["X-Accel-Buffering"] == "no"
        assert await answer.text() == (
            'id: 1\ndata: {"type":"response","content":"hi"}\n\n'
            'id: 2\ndata: {"type":"done","finish_reason":"stop"}\n\n'
        )


async def test_the_relay_is_told_who_asks_what_of_whom(client: Client, relay: FakeRelay) -> None:
    await post(client, profile_id=1, max_tokens=9)
    (chat,) = relay.chats
    assert chat.profile == ON
    assert (chat.info.user_id, chat.info.user, chat.info.profile) == (7, "ada", "on")
    assert (chat.info.message_count, chat.info.max_tokens) == (1, 9)
    assert msgspec.json.decode(chat.body)["model"] == "m"


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"profile_id": 99}, 404, "profile_not_found"),
        ({"profile_id": 2}, 404, "profile_not_found"),
        ({"profile_id": 1, "messages": []}, 422, "invalid_request"),
        ({"profile_id": 1, "n": 2}, 422, "invalid_request"),
    ],
)
async def test_what_cannot_be_is_refused_before_the_stream_opens(
    client: Client, relay: FakeRelay, fields: dict[str, Any], status: int, code: str
) -> None:
    answered, text = await post(client, **fields)
    assert (answered, msgspec.json.decode(text)["error"]["code"]) == (status, code)
    assert relay.chats == []


async def test_without_a_place_the_answer_says_when_to_come_again(
    client: Client, relay: FakeRelay
) -> None:
    relay.has_place = False
    async with client.post("/chat", json={"profile_id": 1, "messages": HELLO}) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize(
    ("profile_id", "kwargs", "first"),
    [
        (1, None, "response"),
        (3, None, "thinking"),
        (3, {"enable_thinking": False}, "thinking"),
        (1, {"enable_thinking": True}, "response"),
    ],
)
async def test_the_profile_says_first_whether_the_text_begins_in_thinking(
    client: Client, relay: FakeRelay, profile_id: int, kwargs: Any, first: str
) -> None:
    await post(client, profile_id=profile_id, chat_template_kwargs=kwargs)
    pipeline = relay.chats[0].pipeline
    events = pipeline.feed(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n', 1.0)
    assert [msgspec.to_builtins(event)["type"] for event in events] == [first]


class FakeStreams:
    """Starts a stream that has ended already."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []

    async def start(self, chat: Chat) -> StreamLog:
        self.chats.append(chat)
        log = StreamLog(StreamKey(7, chat.info.stream_id), 1 << 20)
        log.append([b"{}"], is_last=True)
        return log


async def test_a_resumable_chat_is_read_from_what_is_kept_of_it(
    client: Client, relay: FakeRelay
) -> None:
    async def find_ended(_grants: object) -> set[Grant]:
        return set()

    assert client.app is not None
    streams = FakeStreams()
    client.app._state[STREAMS] = cast("Streams", streams)
    client.app._state[LIVE_STREAMS] = LiveStreams(find_ended)
    assert await post(client, profile_id=1, resumable=True) == (200, "id: 1\ndata: {}\n\n")
    (chat,) = streams.chats
    assert "resumable" not in msgspec.json.decode(chat.body)
    assert relay.chats == []


async def test_where_nothing_is_resumable_a_chat_that_must_be_is_refused(client: Client) -> None:
    assert client.app is not None
    client.app._state[STREAMS] = None
    status, text = await post(client, profile_id=1, resumable=True)
    assert status == 422
    assert "resumable" in msgspec.json.decode(text)["error"]["message"]
