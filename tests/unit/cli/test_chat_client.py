"""The chat client against a relay that speaks the wire contract, or something else."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from mlx_relay.cli.chat_client import open_client
from mlx_relay.cli.failures import CommandFailed
from mlx_relay.errors import InvalidRequest, RelayError
from mlx_relay.events import AnyEvent, Done, Error, Response, Start
from unit.cli.fake_relay import TOKEN, FakeRelay, refusal, serving

START = {"type": "start", "stream_id": "s", "profile": "p", "model": "m"}
DONE = {"type": "done", "finish_reason": "stop"}


async def chat(relay: FakeRelay, token: str = TOKEN) -> list[AnyEvent]:
    async with serving(relay), open_client(relay.url, token) as client:
        return [event async for event in client.stream(1, "hi")]


async def find(relay: FakeRelay, name: str | None, token: str = TOKEN) -> int:
    async with serving(relay), open_client(relay.url, token) as client:
        return await client.find_profile(name)


async def failure_of(work: Any) -> str:
    with pytest.raises(CommandFailed) as caught:
        await work
    return str(caught.value)


async def test_the_events_of_a_stream_come_in_order() -> None:
    relay = FakeRelay([START, {"type": "response", "content": "hi"}, DONE])
    assert await chat(relay) == [Start("s", "p", "m"), Response("hi"), Done("stop")]
    assert relay.asked == [{"profile_id": 1, "messages": [{"role": "user", "content": "hi"}]}]


async def test_heartbeats_and_events_of_a_newer_relay_are_passed_over() -> None:
    relay = FakeRelay([": ping\n\n", START, {"type": "news", "content": "x"}, DONE])
    assert await chat(relay) == [Start("s", "p", "m"), Done("stop")]


async def test_nothing_follows_the_terminal_event() -> None:
    error = {"type": "error", "content": "No.", "code": "internal", "retryable": True}
    assert await chat(FakeRelay([START, error, DONE])) == [
        Start("s", "p", "m"),
        Error("No.", "internal", retryable=True),
    ]


async def test_a_stream_without_an_end_is_a_failure() -> None:
    assert "stopped before" in await failure_of(chat(FakeRelay([START])))


async def test_the_default_profile_is_the_first_that_is_enabled() -> None:
    assert await find(FakeRelay(), None) == 5


async def test_a_profile_is_found_by_its_name() -> None:
    assert await find(FakeRelay(), "second") == 8


async def test_an_unknown_profile_gets_the_names_there_are() -> None:
    assert "there are: first, second" in await failure_of(find(FakeRelay(), "third"))


async def test_a_relay_without_profiles_says_so() -> None:
    relay = FakeRelay()
    relay.profiles = []
    assert "no profile" in await failure_of(find(relay, None))


async def test_a_token_that_is_refused_is_told_apart() -> None:
    assert "does not take this token: Sign in" in await failure_of(find(FakeRelay(), None, "old"))


async def test_a_refusal_is_told_in_the_relays_own_words() -> None:
    class Refusing(FakeRelay):
        async def complete(self, request: web.Request) -> web.StreamResponse:
            return refusal(422, "messages: Too many.")

    assert await failure_of(chat(Refusing())) == "messages: Too many."


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("<h1>router</h1>", "text/html", 200),
        ("[]", "application/json", 404),
        ("{}", "application/json", 200),
    ],
)
async def test_something_else_that_answers_is_no_relay(
    body: str, content_type: str, status: int
) -> None:
    class Else(FakeRelay):
        async def list_profiles(self, request: web.Request) -> web.Response:
            return web.Response(text=body, content_type=content_type, status=status)

    assert "not a relay" in await failure_of(find(Else(), None))


async def test_a_relay_that_is_down_is_a_question() -> None:
    relay = FakeRelay()
    async with serving(relay):
        pass

    async def ask() -> None:
        async with open_client(relay.url, TOKEN) as client:
            await client.find_profile(None)

    assert "is mlx-relay serving there?" in await failure_of(ask())


async def test_a_connection_that_breaks_is_a_failure() -> None:
    class Breaking(FakeRelay):
        async def complete(self, request: web.Request) -> web.StreamResponse:
            assert request.transport is not None
            request.transport.abort()
            await asyncio.Event().wait()
            raise AssertionError

    assert "broke" in await failure_of(chat(Breaking()))


@pytest.mark.parametrize(
    ("url", "token", "culprit"),
    [
        ("127.0.0.1:8080", TOKEN, "url: "),
        ("ftp://127.0.0.1", TOKEN, "url: "),
        ("http://", TOKEN, "url: "),
        ("http://[", TOKEN, "url: "),
        ("http://127.0.0.1:99999", TOKEN, "url: "),
        ("http://127.0.0.1", "a\nb", "token: "),
        ("http://127.0.0.1", "schlüssel", "token: "),
    ],
)
async def test_what_cannot_be_sent_is_named_before_it_is_tried(
    url: str, token: str, culprit: str
) -> None:
    async def ask() -> None:
        async with open_client(url, token):
            raise AssertionError

    with pytest.raises(InvalidRequest, match=culprit) as caught:
        await ask()
    assert isinstance(caught.value, RelayError)
