"""A profile in; an open connection to its server out."""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any

import aiohappyeyeballs

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile
from mlx_relay.upstream.addresses import AddressPolicy
from mlx_relay.upstream.failures import failure_to_connect
from mlx_relay.upstream.response import ResponseReader

NEXT_ADDRESS_SECONDS = 0.25
"""After this the next address of a name is tried beside the first (RFC 8305)."""

RETRY_SECONDS = 0.1
"""How long a server that refused has, to be there for a second try: it may be restarting."""


RECEIVE_BYTES = 32 * 1024
"""What the kernel is asked to hold of an answer; Linux doubles it."""


class Connector:
    """Opens connections, to addresses that *policy* admits; one per process."""

    def __init__(self, policy: AddressPolicy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._tls = ssl.create_default_context()

    async def connect(self, profile: Profile) -> tuple[asyncio.Transport, ResponseReader]:
        """Connect to the profile's server; raises StreamError.

        A refused connection is tried once more: nothing of the request is sent yet.
        """
        try:
            return await self._try(profile)
        except StreamError as failure:
            if failure.cause != "refused":
                raise
        await asyncio.sleep(RETRY_SECONDS)
        return await self._try(profile)

    async def _try(self, profile: Profile) -> tuple[asyncio.Transport, ResponseReader]:
        try:
            async with asyncio.timeout(profile.deadlines.connect):
                transport, reader = await asyncio.get_running_loop().create_connection(
                    lambda: ResponseReader(self._clock),
                    **await _where(await self._addresses(profile)),
                    ssl=self._tls if profile.scheme == "https" else None,
                    server_hostname=profile.host if profile.scheme == "https" else None,
                )
        except (OSError, ValueError) as error:
            raise failure_to_connect(error) from None
        _take_little_at_once(transport)
        return transport, reader

    async def _addresses(self, profile: Profile) -> list[aiohappyeyeballs.AddrInfoType]:
        loop = asyncio.get_running_loop()
        found = _literal(profile.host, profile.port) or await loop.getaddrinfo(
            profile.host, profile.port, type=socket.SOCK_STREAM
        )
        addresses = [one for one in found if self._policy.admits(profile.host, str(one[4][0]))]
        if not addresses:
            raise StreamError("upstream_unreachable", "address_denied")
        return addresses


@lru_cache(maxsize=256)
def _literal(host: str, port: int) -> Sequence[aiohappyeyeballs.AddrInfoType]:
    """Return *host* resolved if it is an IPv4 address: a look-up would take a thread to say it."""
    try:
        host = str(ipaddress.IPv4Address(host))
    except ValueError:
        return ()
    return ((socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (host, port)),)


async def _where(addresses: Sequence[aiohappyeyeballs.AddrInfoType]) -> dict[str, Any]:
    """Return what tells ``create_connection`` where to connect to.

    The loop connects to a single address itself: for a socket of ours uvloop would look the address
    up once more, in a thread.
    """
    if len(addresses) > 1:
        loop = asyncio.get_running_loop()
        delay = NEXT_ADDRESS_SECONDS
        return {
            "sock": await aiohappyeyeballs.start_connection(
                addresses, happy_eyeballs_delay=delay, loop=loop
            )
        }
    family, _, protocol, _, address = addresses[0]
    return {"host": address[0], "port": address[1], "family": family, "proto": protocol}


def _take_little_at_once(transport: asyncio.Transport) -> None:
    """Have the kernel hold little: all of a read may have to wait for a client.

    The event loop reads up to 250 KiB at a time where the kernel has them.
    """
    connection = transport.get_extra_info("socket")
    # One that is gone already says so to its protocol.
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
