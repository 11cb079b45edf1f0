"""A client that leaves closes the upstream, also before the first token."""

import asyncio
import json
from typing import Any

import aiohttp

from support.processes import Service
from support.relay import RelayService
from support.tcp import tcp_server


async def journal(fake: Service) -> list[dict[str, Any]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{fake.url}/_fake/journal") as answer,
    ):
        entries: list[dict[str, Any]] = json.loads(await answer.text())
        return entries


class SilentServer:
    """An MLX server that takes a request and says nothing (or only a head) for ever."""

    def __init__(self, head: bytes) -> None:
        self.head = head
        self.asked = asyncio.Event()
        self.left = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(self.head)
        self.asked.set()
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            pass
        self.left.set()


async def leave_a_silent_server(relay: RelayService, name: str, head: bytes) -> None:
    silent = SilentServer(head)
    async with tcp_server(silent.handle) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=name, host="127.0.0.1", port=port, model_path="m"
        )
        request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
        answer = await session.post("/api/chat/completions", json=request)
        assert b'"type":"start"' in await answer.content.readuntil(b"\n\n")
        await silent.asked.wait()
        answer.close()
        await asyncio.wait_for(silent.left.wait(), 5)


async def test_leaving_before_the_response_head_closes_the_upstream(relay: RelayService) -> None:
    await leave_a_silent_server(relay, "silent", b"")


async def test_leaving_before_the_first_token_closes_the_upstream(relay: RelayService) -> None:
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    await leave_a_silent_server(relay, "silent-after-head", head)


async def test_leaving_in_mid_stream_closes_the_upstream_and_is_logged(
    relay: RelayService,
) -> None:
    frame = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
    head = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    silent = SilentServer(head + frame)
    async with tcp_server(silent.handle) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="mid", host="127.0.0.1", port=port, model_path="m"
        )
        request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
        answer = await session.post("/api/chat/completions", json=request)
        while b'"type":"response"' not in await answer.content.readuntil(b"\n\n"):
            pass
        answer.close()
        await asyncio.wait_for(silent.left.wait(), 5)
    assert await logged_outcome(relay, "mid") == "client_gone"


async def logged_outcome(relay: RelayService, profile: str) -> str:
    """Return how the log says the stream of *profile* ended, once it says so."""
    path = relay.data_dir / "logs" / "streams.jsonl"
    async with asyncio.timeout(10):
        while True:
            records = [json.loads(line) for line in path.read_text().splitlines()]
            ids = {r["stream_id"] for r in records if r.get("profile") == profile}
            ended = [r for r in records if r["record"] == "stream_ended" and r["stream_id"] in ids]
            if ended:
                return str(ended[0]["kind"])
            await asyncio.sleep(0.01)
