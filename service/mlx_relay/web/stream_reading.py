"""A resumable stream in; its events, from where this client left off, out.

Any number of clients may read one stream, each at its own pace. One that leaves, or is dropped
because it takes nothing, can come back for the rest.
"""

import asyncio
from contextlib import aclosing, suppress

from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import Gone, StreamError
from mlx_relay.events import Error, encode
from mlx_relay.sinks.sse import STALL_SECONDS
from mlx_relay.streams import Source
from mlx_relay.web.answers import empty_answer
from mlx_relay.web.app_keys import LIVE_STREAMS
from mlx_relay.web.event_stream import event_stream


async def read_stream(request: web.Request, source: Source, after: int) -> web.StreamResponse:
    """Answer with what follows event number *after*, until the stream or the client's grant ends.

    204 when nothing will follow: that keeps an ``EventSource`` from coming again. Raises Gone.
    """
    position = await source.locate(after)
    if position is None:
        return empty_answer()
    response = event_stream()
    if await response.prepare(request) is None:
        return response
    async with response:
        with suppress(ConnectionError):
            await _send(request, response, source, position)
    return response


async def _send(
    request: web.Request, response: web.StreamResponse, source: Source, position: int
) -> None:
    """What ends a client here is this client's own end: for others the stream goes on."""
    try:
        async with asyncio.timeout(None) as limit, aclosing(source.follow(position)) as pieces:

            def revoke() -> None:
                if not limit.expired():
                    limit.reschedule(0)

            with request.app[LIVE_STREAMS].hold(request[IDENTITY].grant, revoke):
                async for piece in pieces:
                    await _write(request, response, piece.events)
                    position = piece.last
            return
    except Gone:
        failure = StreamError("too_slow", "fell_behind")
    except TimeoutError:
        failure = StreamError("session_revoked", "revoked")
    # Page and libraries drop what has no new number.
    end = b"id: %d\ndata: %b\n\n" % (position + 1, encode(Error.from_failure(failure)))
    await _write(request, response, end)


async def _write(request: web.Request, response: web.StreamResponse, data: bytes) -> None:
    """Write *data*; a client that takes nothing is dropped, which raises ConnectionError."""
    try:
        async with asyncio.timeout(STALL_SECONDS):
            await response.write(data)
    except TimeoutError:
        if request.transport:
            request.transport.abort()
        raise ConnectionError from None
