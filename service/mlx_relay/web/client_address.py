"""A request in; the address of the client that sent it, past the proxies we trust, out."""

import ipaddress
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import TypeAlias

import structlog
from aiohttp import hdrs, web

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

TRUSTED_PROXIES: web.AppKey[tuple[Network, ...]] = web.AppKey("trusted_proxies")
UNKNOWN = "unknown"

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_FORWARDING = (hdrs.X_FORWARDED_FOR, hdrs.FORWARDED, "X-Real-IP", hdrs.VIA)


def setup_client_address(app: web.Application, trusted_proxies: Sequence[Network]) -> None:
    """Believe the X-Forwarded-For that comes from *trusted_proxies*, and no other."""
    app[TRUSTED_PROXIES] = tuple(trusted_proxies)
    app.middlewares.append(_name_in_the_log)


@web.middleware
async def _name_in_the_log(request: web.Request, handler: _Handler) -> web.StreamResponse:
    structlog.contextvars.bind_contextvars(address=client_address(request))
    return await handler(request)


def client_address(request: web.Request) -> str:
    """Return the client's address, or ``unknown``; what throttles and logs go by."""
    address = _find(request)
    return str(address) if address else UNKNOWN


def is_from_this_host(request: web.Request) -> bool:
    """Return whether the client itself is on this host.

    Not when a proxy that we do not know brought the request: then anybody may be behind it.
    """
    address = _find(request)
    if address is None or not address.is_loopback:
        return False
    trusted = request.app[TRUSTED_PROXIES]
    return _is_trusted(parse_address(request.remote or ""), trusted) or not any(
        name in request.headers for name in _FORWARDING
    )


@lru_cache(maxsize=4096)
def find_client(peer: str, forwarded_for: str, trusted: tuple[Network, ...]) -> Address | None:
    """Return the nearest address that is no trusted proxy. Pure.

    *forwarded_for* grows to the right, so each proxy vouches for what stands left of it. Text
    that is no address ends the walk at the proxy that passed it on.
    """
    nearest = parse_address(peer)
    for text in reversed(forwarded_for.split(",")):
        address = parse_address(text.strip()) if _is_trusted(nearest, trusted) else None
        if address is None:
            break
        nearest = address
    return nearest


def parse_address(text: str) -> Address | None:
    """Return *text* as an address; an IPv4 one that is written as IPv6 (``::ffff:``) as IPv4."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _find(request: web.Request) -> Address | None:
    forwarded_for = ",".join(request.headers.getall(hdrs.X_FORWARDED_FOR, ()))
    return find_client(request.remote or "", forwarded_for, request.app[TRUSTED_PROXIES])


def _is_trusted(address: Address | None, trusted: Sequence[Network]) -> bool:
    return address is not None and any(address in network for network in trusted)
