"""Requests in; those that were sent to a name of ours, or Misdirected, out.

A page of another site can make a browser resolve that site's name to our address (DNS rebinding)
and then counts as ours. The Host it sends is the site's all the same. An IP address cannot be
rebound, so every one is allowed.
"""

import re
import socket
from collections.abc import Awaitable, Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from aiohttp import hdrs, web

from mlx_relay.errors import Misdirected
from mlx_relay.web.host_names import host_of, is_address, normal_host

_END_OF_AUTHORITY = re.compile(r"[/?#\\]")
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup_allowed_hosts(app: web.Application, names: Iterable[str]) -> None:
    """Answer to *names* besides addresses, localhost and what this computer is called."""
    allowed = frozenset(normal_host(name) for name in (*names, *names_of(socket.gethostname())))

    @web.middleware
    async def refuse_other_hosts(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if not all(is_allowed(authority, allowed) for authority in _authorities(request)):
            raise Misdirected
        return await handler(request)

    app.middlewares.append(refuse_other_hosts)


def names_of(hostname: str) -> frozenset[str]:
    """Return under which names a computer called *hostname* is reached in its own network."""
    label = hostname.partition(".")[0]
    return frozenset({"localhost", hostname, label, f"{label}.local"})


@lru_cache(maxsize=256)
def is_allowed(authority: str, allowed: frozenset[str]) -> bool:
    """Return whether *authority*, a host with or without a port, is an address or in *allowed*."""
    host = host_of(authority)
    return host is not None and (is_address(host) or normal_host(host) in allowed)


def _authorities(request: web.BaseRequest) -> list[str]:
    """Return all the request says it was sent to; HTTP/1.0 may say nothing."""
    named = request.headers.getall(hdrs.HOST, [])
    if not request.raw_path.startswith("/"):
        # By hand: URL libraries repair what they are given.
        named.append(_END_OF_AUTHORITY.split(request.raw_path.partition("://")[2], 1)[0])
    return named
