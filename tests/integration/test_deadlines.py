"""The deadlines of a profile, against a server that goes silent at each stage."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from support.relay import Events, RelayService, events_of
from support.tcp import tcp_server

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
TEXT = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
COMMENT = b": keepalive 1/2\n\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


Talk = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def server(talk: Talk) -> AsyncIterator[int]:
    """Serve *talk*, then stay silent until the client leaves; yields the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await talk(writer)
        while await reader.read(65536):
            pass

    async with tcp_server(handle) as port:
        yield port


def says(*pieces: bytes) -> Talk:
    async def talk(writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return talk


async def comments_for_ever(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while not writer.is_closing():
        writer.write(chunk(COMMENT))
        await writer.drain()
        await asyncio.sleep(0.01)


async def ask(relay: RelayService, name: str, talk: Talk, **deadlines: float) -> Events:
    async with server(talk) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name=name,
            host="127.0.0.1",
            port=port,
            model_path="m",
            deadlines=deadlines,
        )
        return await relay.chat(session, profile_id)


@pytest.mark.parametrize(
    ("name", "talk", "deadlines", "cause"),
    [
        ("no-head", says(), {"response_head": 0.1}, "header_timeout"),
        ("no-event", says(HEAD, chunk(COMMENT)), {"first_event": 0.1}, "no_progress"),
        ("comments", comments_for_ever, {"first_event": 0.1}, "no_progress"),
        ("no-next", says(HEAD, chunk(TEXT)), {"next_event": 0.1}, "idle"),
        ("total", says(HEAD, chunk(TEXT)), {"total": 0.1}, "total"),
        ("total-no-head", says(), {"total": 0.1}, "total"),
    ],
)
async def test_silence_ends_in_a_timeout(
    relay: RelayService, name: str, talk: Talk, deadlines: dict[str, float], cause: str
) -> None:
    events = await ask(relay, name, talk, **deadlines)
    last = events[-1]
    assert (last["type"], last["code"], last["detail"]) == ("error", "upstream_timeout", cause)
    assert last["retryable"] is True
    assert last["content"] == "Request timed out. The model may be processing a complex request."


async def test_broken_chunk_framing_that_hangs_the_client_library_ends_too(
    relay: RelayService,
) -> None:
    text_arrived = asyncio.Event()

    async def talk(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + chunk(TEXT))
        await text_arrived.wait()
        writer.write(b"nonsense\r\n")

    async with server(talk) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name="bad-framing",
            host="127.0.0.1",
            port=port,
            model_path="m",
            deadlines={"next_event": 0.3},
        )
        request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
        async with session.post("/api/chat/completions", json=request) as answer:
            body = b""
            while b'"type":"response"' not in body:
                body += await answer.content.readuntil(b"\n\n")
            text_arrived.set()
            body += await answer.content.read()
    last = events_of(body.decode())[-1]
    assert last["type"] == "error"
    assert last["code"] in ("upstream_timeout", "upstream_protocol")


async def test_pieces_of_a_call_are_progress_although_no_event_comes_of_them(
    relay: RelayService,
) -> None:
    def piece(index: int) -> bytes:
        call = {"index": 0, "id": "c", "function": {"name": "f", "arguments": str(index)}}
        delta = {"choices": [{"delta": {"tool_calls": [call]}}]}
        return f"data: {json.dumps(delta)}\n\n".encode()

    async def slow_call(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        for index in range(8):
            writer.write(chunk(piece(index)))
            await asyncio.sleep(0.1)
        writer.write(chunk(b'data: {"choices":[{"finish_reason":"tool_calls"}]}\n\n'))
        writer.write(chunk(b"data: [DONE]\n\n"))

    events = await ask(relay, "slow-call", slow_call, next_event=0.4)
    assert [event["type"] for event in events] == ["start", "tool_call", "done"]
    assert events[1]["arguments"] == "01234567"
