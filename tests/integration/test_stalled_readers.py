"""Clients that ask and then read nothing: what they cost the relay, and that they cannot stay."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from support.relay import RelayService, relay_service
from support.tcp import tcp_server

BYTES_EACH = 256 * 1024
HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
FRAME = b'data: {"choices":[{"delta":{"content":"%b"}}]}\n\n' % (b"x" * 4000)


@pytest.fixture
def relay(tmp_path: Path) -> Iterator[RelayService]:
    """A relay for these alone: its metrics know only so many profiles by name."""
    with relay_service(tmp_path) as service:
        yield service


class FlatOut:
    """An MLX server that says as much as it is let say."""

    def __init__(self) -> None:
        self.port = 0
        self.sent = 0
        self.open: set[asyncio.StreamWriter] = set()
        self._empty = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(HEAD)
        self.open.add(writer)
        self._empty.clear()
        try:
            while True:
                writer.write(FRAME * 4)
                await writer.drain()
                self.sent += len(FRAME) * 4
        finally:
            self.open.discard(writer)
            if not self.open:
                self._empty.set()

    async def stands_still(self, streams: int) -> None:
        """Wait until it talks to *streams* clients and none of them takes more."""
        still, sent = 0, -1
        async with asyncio.timeout(60):
            while still < 20 or len(self.open) < streams:
                await asyncio.sleep(0.02)
                still = still + 1 if self.sent == sent else 0
                sent = self.sent

    async def is_left_by_all(self) -> None:
        await asyncio.wait_for(self._empty.wait(), 90)


@asynccontextmanager
async def flat_out() -> AsyncIterator[FlatOut]:
    model = FlatOut()
    async with tcp_server(model.handle) as model.port:
        yield model


@contextmanager
def stalled(relay: RelayService, profile_id: int, count: int) -> Iterator[None]:
    """Send *count* chats and read nothing of their answers."""
    body = json.dumps(
        {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
    )
    head = (
        "POST /api/chat/completions HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{relay.service.port}\r\n"
        f"Authorization: {relay.headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    with ExitStack() as clients:
        for _ in range(count):
            client = clients.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", relay.service.port))
            client.sendall((head + body).encode())
        yield


async def too_slow(session: aiohttp.ClientSession, profile: str, count: int) -> None:
    """Wait until all streams of *profile* have ended, *count* of them as ``too_slow``."""
    active = f'mlx_relay_active_streams{{profile="{profile}"}} 0.0'
    errors = re.compile(r"^mlx_relay_stream_errors_total\{(.*)\} (\S+)$", re.MULTILINE)
    async with asyncio.timeout(90):
        while True:
            async with session.get("/metrics") as answer:
                text = await answer.text()
            if active in text:
                break
            await asyncio.sleep(0.05)
    counts = {
        labels: float(number) for labels, number in errors.findall(text) if f'"{profile}"' in labels
    }
    assert sum(counts.values()) == count
    assert all('code="too_slow"' in labels for labels in counts)


async def memory_of_each(relay: RelayService, count: int, *, stay: bool) -> float:
    """Return by how many bytes the relay grows for each of *count* stalled readers.

    They leave when it is known; if they *stay*, the relay has to drop them.
    """
    process = psutil.Process(relay.service.process.pid)
    async with flat_out() as model, relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=f"flat out {count}", host="127.0.0.1", port=model.port, model_path="m"
        )
        with stalled(relay, profile_id, 2):
            await model.stands_still(2)
        await model.is_left_by_all()
        before = process.memory_info().rss
        with stalled(relay, profile_id, count):
            await model.stands_still(count)
            grown = process.memory_info().rss - before
            if stay:
                await model.is_left_by_all()
        await model.is_left_by_all()
        await too_slow(session, f"flat out {count}", count if stay else 0)
    return grown / count


async def test_a_reader_that_stalls_costs_little_and_stops_its_upstream(
    relay: RelayService,
) -> None:
    assert await memory_of_each(relay, 40, stay=False) <= BYTES_EACH


@pytest.mark.nightly
async def test_200_readers_that_stall_cost_little_and_are_dropped(relay: RelayService) -> None:
    assert await memory_of_each(relay, 200, stay=True) <= BYTES_EACH
