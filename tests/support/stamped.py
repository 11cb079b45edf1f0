"""A model at a steady pace whose every word is the moment it was said, and a client that reads it.

Both run in the test's process, on one clock: the difference is what the relay added.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from support.tcp import tcp_server

TOKENS = 150
GAP_SECONDS = 0.02
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
_END = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


@asynccontextmanager
async def stamping_model() -> AsyncIterator[int]:
    """Run the model; yields its port."""
    async with tcp_server(_serve) as port:
        yield port


async def _serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(_HEAD)
    for _ in range(TOKENS):
        await asyncio.sleep(GAP_SECONDS)
        message = {"choices": [{"delta": {"content": f"{time.monotonic()} "}}]}
        writer.write(b"data: " + json.dumps(message).encode() + b"\n\n")
    writer.write(_END)


async def latencies(session: aiohttp.ClientSession, profile_id: int) -> list[float]:
    """Return the seconds from the model's saying of each word until it was read here."""
    request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
    found = []
    async with session.post("/api/chat/completions", json=request) as answer:
        async for line in answer.content:
            now = time.monotonic()
            if b'"type":"response"' in line:
                words = json.loads(line.removeprefix(b"data: "))["content"].split()
                found += [now - float(word) for word in words]
    assert len(found) == TOKENS
    return found
