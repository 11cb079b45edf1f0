"""An MLX server that begins each answer and ends it when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from support.tcp import tcp_server

HEAD = b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
TEXT = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
END = b'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class HeldUpstream:
    """*open* streams now, and their *peak*; set *go* to let all end."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.open = 0
        self.peak = 0
        self.port = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.peak = max(self.peak, self.open)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(HEAD + TEXT)
            async with asyncio.TaskGroup() as group:
                gone = group.create_task(reader.read())
                told = group.create_task(self.go.wait())
                await asyncio.wait([gone, told], return_when=asyncio.FIRST_COMPLETED)
                gone.cancel()
                told.cancel()
            if self.go.is_set():
                writer.write(END)
                await writer.drain()
        finally:
            self.open -= 1


@asynccontextmanager
async def held_upstream() -> AsyncIterator[HeldUpstream]:
    upstream = HeldUpstream()
    async with tcp_server(upstream.answer) as upstream.port:
        yield upstream
        upstream.go.set()
