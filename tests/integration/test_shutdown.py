"""The way down: a live stream gets its event, nothing is left, the exit code says it went well."""

import asyncio
import signal
from pathlib import Path

import pytest

from support.relay import events_of, relay_service
from support.tcp import tcp_server

TEXT = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_live_stream_is_told_that_the_server_restarts(tmp_path: Path, number: int) -> None:
    closed = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + TEXT)
        while await reader.read(65536):
            pass
        closed.set()

    async with tcp_server(handle) as port:
        with relay_service(tmp_path) as relay:
            async with relay.session() as session:
                profile_id = await relay.add_profile(
                    session, name="p", host="127.0.0.1", port=port, model_path="m"
                )
                request = {
                    "profile_id": profile_id,
                    "messages": [{"role": "user", "content": "Hello!"}],
                }
                async with session.post("/api/chat/completions", json=request) as answer:
                    body = b""
                    while b'"type":"response"' not in body:
                        body += await answer.content.readuntil(b"\n\n")
                    relay.service.process.send_signal(number)
                    body += await answer.content.read()
            code = await asyncio.to_thread(relay.service.process.wait, 30)
        await asyncio.wait_for(closed.wait(), 5)
    last = events_of(body.decode())[-1]
    assert (last["type"], last["code"], last["retryable"]) == ("error", "shutting_down", True)
    assert code == 0
