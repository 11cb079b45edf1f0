"""An MLX server whose every answer waits until a test lets it go on."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from support.tcp import tcp_server

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TEXT = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
END = b'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Held:
    """One request that waits for its answer. *left* is set when the relay closed it."""

    def __init__(self, request: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.request = request
        self.left = asyncio.Event()
        self._writer = writer

    @property
    def prompt(self) -> str:
        return str(self.request["messages"][-1]["content"])

    def say(self, data: bytes = HEAD + TEXT) -> None:
        self._writer.write(data)

    def hang_up(self) -> None:
        self._writer.close()

    def finish(self) -> None:
        """Answer ``hello``, wholly."""
        self.say(HEAD + TEXT + END)
        self.hang_up()


class HeldModel:
    """A server on *port*; ``next`` gives its requests as they come."""

    def __init__(self) -> None:
        self.port = 0
        self.count = 0
        self._requests: asyncio.Queue[Held] = asyncio.Queue()

    async def next(self) -> Held:
        return await asyncio.wait_for(self._requests.get(), 30)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        held = Held(json.loads(await reader.readexactly(length)), writer)
        self.count += 1
        self._requests.put_nowait(held)
        try:
            while await reader.read(65536):
                pass
        except ConnectionError:
            pass
        held.left.set()


@asynccontextmanager
async def held_model() -> AsyncIterator[HeldModel]:
    model = HeldModel()
    async with tcp_server(model.handle) as model.port:
        yield model
