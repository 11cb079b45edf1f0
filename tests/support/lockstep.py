"""A model and a client in step: the next piece is sent when the one before has arrived.

So each piece is a read of its own, and the same stream has the same bytes every time, down to the
framing of its chunks.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.relay import RelayService
from support.tcp import tcp_server

PATIENCE_SECONDS = 60.0
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
TEXTS = [f"word{number} " for number in range(20)]
_FIRST = {"choices": [{"delta": {"reasoning_content": "hm"}}]}
_LAST = {"choices": [{"delta": {}, "finish_reason": "stop"}]}
_VARYING = (
    (re.compile(rb'"stream_id":"[0-9a-f]{32}"'), b'"stream_id":"-"'),
    (re.compile(rb'"duration":\d+\.\d'), b'"duration":-'),
)


class Lockstep:
    """The model, for one stream at a time."""

    def __init__(self) -> None:
        self.port = 0
        self._arrived = asyncio.Semaphore(0)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head.lower())
        await reader.readexactly(int(length[1]) if length else 0)
        writer.write(HEAD + _message(_FIRST))
        for text in TEXTS:
            await self._arrived.acquire()
            writer.write(_message({"choices": [{"delta": {"content": text}}]}))
        await self._arrived.acquire()
        writer.write(_message(_LAST) + b"data: [DONE]\n\n")

    async def chat(self, relay: RelayService, profile_id: int) -> bytes:
        """Return the bytes of the answer after its head, what differs from run to run masked."""
        reader, writer = await asyncio.open_connection("127.0.0.1", relay.service.port)
        try:
            writer.write(_request(relay, profile_id))
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert b" 200 OK\r\n" in await reader.readuntil(b"\r\n\r\n")
                return masked(await self._read(reader))
        finally:
            writer.close()

    async def _read(self, reader: asyncio.StreamReader) -> bytes:
        data = b""
        while not data.endswith(b"\r\n0\r\n\r\n"):
            chunk = await reader.readuntil(b"\n\n\r\n")
            data += chunk
            if b'"content":' in chunk:
                self._arrived.release()
            elif b'"type":"done"' in chunk:
                data += await reader.readexactly(5)
        return data


def masked(data: bytes) -> bytes:
    """Return *data* without what is another in every stream: its id, and how long it thought."""
    for pattern, mask in _VARYING:
        data = pattern.sub(mask, data)
    return data


def events_in(data: bytes) -> int:
    return data.count(b"\ndata: ")


@asynccontextmanager
async def lockstep() -> AsyncIterator[Lockstep]:
    """Run the model on a free port."""
    model = Lockstep()
    async with tcp_server(model.serve) as model.port:
        yield model


def _message(value: object) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _request(relay: RelayService, profile_id: int) -> bytes:
    body = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
    data = json.dumps(body).encode()
    headers = {
        "Host": "127.0.0.1",
        "Content-Type": "application/json",
        "Content-Length": str(len(data)),
        **relay.headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /api/chat/completions HTTP/1.1\r\n{lines}\r\n".encode() + data
