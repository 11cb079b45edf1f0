"""A host and a port in; sockets that listen there, and their URL, out."""

import asyncio
import errno
import socket
from typing import Final

from mlx_relay.errors import CannotListen

BACKLOG: Final = 1024

VANISHED_SECONDS: Final = 60
"""After this the kernel (Linux) gives up a client that confirms nothing.

Later than a stream's sink, which can tell one that reads too slowly from one that is gone.
"""

_TCP_USER_TIMEOUT: Final[int | None] = getattr(socket, "TCP_USER_TIMEOUT", None)


async def open_listeners(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of *host*; raises CannotListen."""
    listeners: list[socket.socket] = []
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        for family, address in dict.fromkeys((entry[0], entry[4]) for entry in found):
            listeners.append(_listen(family, address))
    except OSError as error:
        for listener in listeners:
            listener.close()
        raise CannotListen(_describe(error, f"{host}:{port}")) from None
    return listeners


def url_of(listeners: list[socket.socket]) -> str:
    """Return the URL of the first of *listeners*."""
    host, port = listeners[0].getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(family: int, address: tuple[object, ...]) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # The same port may be taken for IPv4, by us among others.
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        _watch_connections(listener)
        listener.bind(address)
        listener.listen(BACKLOG)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _watch_connections(listener: socket.socket) -> None:
    """Let the kernel look after clients that vanish: connections have what their listener has."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if _TCP_USER_TIMEOUT is not None:
        listener.setsockopt(socket.IPPROTO_TCP, _TCP_USER_TIMEOUT, VANISHED_SECONDS * 1000)


def _describe(error: OSError, where: str) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{where} is in use: stop what listens there, or choose another --port"
    return f"{where}: cannot listen: {error.strerror}"
