"""OpenAI's words for a stream, and what its handler makes of a request."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.admission import Turn
from mlx_relay.auth.middleware import IDENTITY, Identity
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import (
    FAILURES,
    InvalidRequest,
    ProfileNotFound,
    RateLimited,
    RequestError,
    TooLarge,
    Unauthorized,
    Unavailable,
)
from mlx_relay.events import (
    Done,
    Error,
    Event,
    Response,
    Start,
    Status,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.grants import SessionGrant
from mlx_relay.profiles import Profile
from mlx_relay.relay import Relay
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import ClientSink, StreamInfo
from mlx_relay.web.app_keys import OPENAI_REASONING_FIELDS, PROFILES, RELAY
from mlx_relay.web.dialects import DIALECTS
from mlx_relay.web.dialects.answering import STATUSES
from mlx_relay.web.dialects.openai import OpenAiEncoder, complete, describe_error
from mlx_relay.web.errors import setup_errors

Client: TypeAlias = TestClient[web.Request, web.Application]

INFO = StreamInfo(
    stream_id="abc",
    user_id=7,
    user="ada",
    profile_id=1,
    profile="qwen",
    model="m",
    started_at=datetime(2026, 1, 2, tzinfo=UTC),
    message_count=1,
)
START = Start("abc", "qwen", "m")
CALL = ToolCall(0, "call_0", "f", "{}")
COUNTS = UsageCounts(3, 4, 7, 2)
USAGE = {
    "prompt_tokens": 3,
    "completion_tokens": 4,
    "total_tokens": 7,
    "completion_tokens_details": {"reasoning_tokens": 2},
}
HEAD = {"id": "chatcmpl-abc", "created": 1767312000, "model": "qwen"}


def encoder(*more_fields: str, includes_usage: bool = False) -> OpenAiEncoder:
    fields = ("reasoning_content", *more_fields)
    return OpenAiEncoder(INFO, reasoning_fields=fields, includes_usage=includes_usage)


def chunk(event: Event) -> dict[str, Any]:
    data = encoder("reasoning").encode(event)
    assert data.startswith(b"data: {")
    assert data.endswith(b"}\n\n")
    value: dict[str, Any] = json.loads(data.removeprefix(b"data: "))
    return value


@pytest.mark.parametrize(
    ("event", "delta"),
    [
        (START, {"role": "assistant", "content": ""}),
        (Thinking("why\n"), {"reasoning_content": "why\n", "reasoning": "why\n"}),
        (Response("é"), {"content": "é"}),
        (
            ToolCall(1, "call_1", "f", '{"a": 1}'),
            {
                "tool_calls": [
                    {
                        "index": 1,
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "f", "arguments": '{"a": 1}'},
                    }
                ]
            },
        ),
    ],
)
def test_an_event_is_a_chunk_with_its_delta(event: Event, delta: dict[str, Any]) -> None:
    assert chunk(event) == {
        "object": "chat.completion.chunk",
        **HEAD,
        "choices": [{"index": 0, "delta": delta, "finish_reason": None}],
    }


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (Status("queued", 3), b": queued 3\n\n"),
        (Status("waiting"), b": waiting\n\n"),
        (ThinkingDone(1.0), b""),
        (Usage(3, 4, 7), b""),
    ],
)
def test_what_is_no_chunk_is_a_comment_or_nothing(event: Event, said: bytes) -> None:
    assert encoder().encode(event) == said


@pytest.mark.parametrize(
    ("reason", "said"),
    [("stop", "stop"), ("length", "length"), ("tool_calls", "tool_calls"), ("unknown", "stop")],
)
def test_the_last_chunk_gives_the_reason(reason: Any, said: str) -> None:
    last, end, rest = encoder().encode(Done(reason, COUNTS)).split(b"\n\n")
    assert json.loads(last.removeprefix(b"data: "))["choices"] == [
        {"index": 0, "delta": {}, "finish_reason": said}
    ]
    assert (end, rest) == (b"data: [DONE]", b"")


def test_usage_comes_before_the_end_if_it_was_asked_for_and_is_known() -> None:
    asked = encoder(includes_usage=True)
    _, usage, end, _ = asked.encode(Done("stop", COUNTS)).split(b"\n\n")
    value = json.loads(usage.removeprefix(b"data: "))
    assert (value["choices"], value["usage"], value["id"]) == ([], USAGE, "chatcmpl-abc")
    assert end == b"data: [DONE]"
    assert b"usage" not in asked.encode(Done("stop"))


def test_a_failure_in_mid_stream_is_an_error_and_no_end() -> None:
    said = encoder().encode(Error("Broken.", "upstream_truncated", True))
    error = {"message": "Broken.", "type": "server_error", "param": None}
    assert said.count(b"\n\n") == 1
    assert json.loads(said.removeprefix(b"data: ")) == {
        "error": {**error, "code": "upstream_truncated"}
    }


def test_a_whole_answer_has_all_that_the_chunks_have() -> None:
    events = [
        START,
        Thinking("wh"),
        Thinking("y"),
        ThinkingDone(1.0),
        Response("a"),
        Response("b"),
        CALL,
        Usage(3, 4, 7, 2),
        Done("tool_calls", COUNTS),
    ]
    function = {"name": "f", "arguments": "{}"}
    message = {
        "role": "assistant",
        "content": "ab",
        "reasoning_content": "why",
        "tool_calls": [{"id": "call_0", "type": "function", "function": function}],
    }
    assert encoder().whole(events) == {
        "object": "chat.completion",
        **HEAD,
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": USAGE,
    }


def test_a_whole_answer_lacks_what_there_was_not() -> None:
    answer = cast("dict[str, Any]", encoder().whole([START, Done("stop")]))
    assert answer["choices"][0]["message"] == {"role": "assistant", "content": None}
    assert "usage" not in answer


@pytest.mark.parametrize(
    ("error", "status", "kind", "param", "code"),
    [
        (InvalidRequest("n: No."), 400, "invalid_request_error", "n", "invalid_request"),
        (
            InvalidRequest("messages[0].content[...].text: No."),
            400,
            "invalid_request_error",
            "messages[0].content[...].text",
            "invalid_request",
        ),
        (ProfileNotFound(), 404, "invalid_request_error", None, "model_not_found"),
        (Unauthorized(), 401, "invalid_request_error", None, "invalid_api_key"),
        (TooLarge(), 413, "invalid_request_error", None, "too_large"),
        (RateLimited(retry_after=5), 429, "rate_limit_error", None, "rate_limited"),
        (Unavailable(), 503, "server_error", None, "unavailable"),
    ],
)
def test_an_error_has_openais_shape(
    error: RequestError, status: int, kind: str, param: str | None, code: str
) -> None:
    body = {"message": error.message, "type": kind, "param": param, "code": code}
    assert describe_error(error.status, error.code, error.message) == (status, {"error": body})


ON = Profile(id=1, name="qwen", host="127.0.0.1", port=1, model_path="m")
OFF = Profile(id=2, name="off", host="127.0.0.1", port=1, model_path="m", enabled=False)
HELLO = [{"role": "user", "content": "Hello!"}]


class FakeRelay:
    """Keeps the chats it is given and answers each with *events*; may have no place."""

    def __init__(self) -> None:
        self.chats: list[Chat] = []
        self.has_place = True
        self.events: Sequence[Event] = [START, Response("hi"), Done("stop")]

    @asynccontextmanager
    async def admit(self, _user_id: int, _profile: Profile) -> AsyncIterator[Turn]:
        if not self.has_place:
            raise Unavailable
        yield Turn()

    async def run(self, chat: Chat, client: ClientSink, _turn: Turn) -> None:
        self.chats.append(chat)
        client.send(self.events)
        await client.drain()


@web.middleware
async def as_ada(request: web.Request, handler: Any) -> web.StreamResponse:
    request[IDENTITY] = Identity(7, "ada", "user", "token", SessionGrant(7, 0, "s"))
    return cast("web.StreamResponse", await handler(request))


async def find(key: int | str) -> Profile:
    for profile in (ON, OFF):
        if profile.name == key:
            return profile
    raise ProfileNotFound


@pytest.fixture
def relay() -> FakeRelay:
    return FakeRelay()


@pytest.fixture
async def client(relay: FakeRelay) -> AsyncIterator[Client]:
    app = web.Application()
    setup_errors(app, DIALECTS)
    app.middlewares.append(as_ada)
    app[PROFILES] = TtlCache(find)
    app[RELAY] = cast("Relay", relay)
    app[OPENAI_REASONING_FIELDS] = ("reasoning_content",)
    app.router.add_post("/v1/chat/completions", complete)
    async with TestClient(TestServer(app)) as client:
        yield client


async def post(client: Client, **fields: Any) -> tuple[int, str]:
    body = {"model": "qwen", "messages": HELLO, **fields}
    async with client.post("/v1/chat/completions", json=body) as answer:
        return answer.status, await answer.text()


async def test_a_stream_has_chunks_and_an_end_and_no_ids(client: Client) -> None:
    status, text = await post(client, stream=True)
    lines = [line for line in text.split("\n") if line]
    assert status == 200
    assert len(lines) == 4
    assert all(line.startswith("data: ") for line in lines)
    assert '"delta":{"content":"hi"}' in lines[1]
    assert lines[-1] == "data: [DONE]"


async def test_without_stream_the_answer_is_whole(client: Client, relay: FakeRelay) -> None:
    status, text = await post(client, max_completion_tokens=9)
    assert status == 200
    assert json.loads(text)["choices"][0]["message"]["content"] == "hi"
    (chat,) = relay.chats
    assert (chat.profile, chat.info.user, chat.info.max_tokens) == (ON, "ada", 9)
    assert json.loads(chat.body)["max_tokens"] == 9


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("code", FAILURES)
async def test_a_failure_before_the_first_word_is_a_status(
    client: Client, relay: FakeRelay, code: str, stream: bool
) -> None:
    relay.events = [START, Status("waiting"), Error("Broken.", code, FAILURES[code].retryable)]
    body = {"model": "qwen", "messages": HELLO, "stream": stream}
    async with client.post("/v1/chat/completions", json=body) as answer:
        assert answer.status == STATUSES[code]
        assert (await answer.json())["error"]["code"] == code
        assert answer.headers["X-Should-Retry"] == str(FAILURES[code].retryable).lower()
        assert ("Retry-After" in answer.headers) == (answer.status == 503)


async def test_a_failure_after_the_first_word_is_an_error_in_the_stream(
    client: Client, relay: FakeRelay
) -> None:
    relay.events = [START, Response("hi"), Error("Broken.", "upstream_error", True)]
    status, text = await post(client, stream=True)
    assert status == 200
    assert text.endswith('"code":"upstream_error"}}\n\n')
    assert (await post(client))[0] == 502


@pytest.mark.parametrize(
    ("fields", "status", "param"),
    [
        ({"model": "nobody"}, 404, None),
        ({"model": "off"}, 404, None),
        ({"messages": []}, 400, "messages"),
        ({"n": 2}, 400, "n"),
        ({"surprise": 1}, 400, "surprise"),
    ],
)
async def test_what_cannot_be_is_refused_in_openais_shape(
    client: Client, relay: FakeRelay, fields: dict[str, Any], status: int, param: str | None
) -> None:
    answered, text = await post(client, **fields)
    assert (answered, json.loads(text)["error"]["param"]) == (status, param)
    assert relay.chats == []


async def test_without_a_place_the_answer_says_when_to_come_again(
    client: Client, relay: FakeRelay
) -> None:
    relay.has_place = False
    body = {"model": "qwen", "messages": HELLO, "stream": True}
    async with client.post("/v1/chat/completions", json=body) as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert (await answer.json())["error"]["type"] == "server_error"
