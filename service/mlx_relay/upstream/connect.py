"""A profile in; an open connection to its server out."""

import asyncio
import socket
import ssl
from collections.abc import Callable

import aiohappyeyeballs

from mlx_relay.profiles import Profile
from mlx_relay.upstream.failures import failure_to_connect
from mlx_relay.upstream.response import ResponseReader

NEXT_ADDRESS_SECONDS = 0.25
"""After this the next address of a name is tried beside the first (RFC 8305)."""


async def connect(
    profile: Profile, tls: ssl.SSLContext, clock: Callable[[], float]
) -> tuple[asyncio.Transport, ResponseReader]:
    """Connect to the profile's server; raises StreamError."""
    try:
        async with asyncio.timeout(profile.deadlines.connect):
            connection = await _connection(profile)
            return await asyncio.get_running_loop().create_connection(
                lambda: ResponseReader(clock),
                sock=connection,
                ssl=tls if profile.scheme == "https" else None,
                server_hostname=profile.host if profile.scheme == "https" else None,
            )
    except (OSError, ValueError) as error:
        raise failure_to_connect(error) from None


async def _connection(profile: Profile) -> socket.socket:
    loop = asyncio.get_running_loop()
    addresses = await loop.getaddrinfo(profile.host, profile.port, type=socket.SOCK_STREAM)
    return await aiohappyeyeballs.start_connection(
        addresses, happy_eyeballs_delay=NEXT_ADDRESS_SECONDS, loop=loop
    )
