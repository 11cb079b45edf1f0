"""A function that talks to one connection in; a server on a port of this host out."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TypeAlias

Talk: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class _Connections:
    """Those that are open; after ``end`` none is, and none opens."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._open: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._is_over = False

    def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_over:
            writer.transport.abort()
            return
        task = asyncio.create_task(self._serve(reader, writer))  # noqa: TID251 - end() owns it
        self._open[task] = writer

    async def end(self) -> None:
        self._is_over = True
        for task, writer in self._open.items():
            task.cancel()
            writer.transport.abort()
        for ended in await asyncio.gather(*self._open, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            await self._talk(reader, writer)
        writer.close()


@asynccontextmanager
async def tcp_server(
    talk: Talk,
    port: int = 0,
    *,
    bound: socket.socket | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[int]:
    """Run *talk* for each connection to *port*, or to the socket *bound*; yields the port.

    A connection is closed when *talk* returns, or when the client has left in the middle of it. At
    the end of the block those that are still open are reset. Raises what *talk* raised.
    """
    connections = _Connections(talk)
    if bound is None:
        server = await asyncio.start_server(connections.take, "127.0.0.1", port, ssl=tls)
    else:
        server = await asyncio.start_server(connections.take, sock=bound, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await connections.end()
        await server.wait_closed()
