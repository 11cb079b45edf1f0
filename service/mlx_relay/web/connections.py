"""Connections in; requests, or a refusal of what is no request, out.

How aiohttp's connections are set up, and our own answer where its parser gives up: aiohttp's
quotes the bad line, which may be an Authorization header, to the client and in the log.
"""

import asyncio
import secrets
from contextlib import suppress
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from mlx_relay.errors import BadRequest, HeadTooLarge, RequestError
from mlx_relay.web.access_log import CLIENT_GONE
from mlx_relay.web.errors import error_answer
from mlx_relay.web.headers import GUARDS

HEAD_SECONDS = 15.0
"""For a connection's first request line and headers, and then for each pause between requests."""

LINGERING_SECONDS = 5.0
"""How long the rest of a body that nobody wants is read, so that the client sees the answer."""

FLUSH_SECONDS = 2.0
"""How long clients have at the end to take what waits for them: else it would be lost with us."""

FLUSH_LOOK_SECONDS = 0.02

HURRIED_SECONDS = 0.2
"""How long handlers may go on in a process that was told to stop at once."""

_log = structlog.get_logger(__name__)


class ConnectionRunner(web.AppRunner):
    """Runs an application on connections of ours. *head_seconds* is shorter in tests."""

    def __init__(
        self, app: web.Application, *, shutdown_timeout: float, head_seconds: float = HEAD_SECONDS
    ) -> None:
        self._options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,
            "keepalive_timeout": head_seconds,
            "lingering_time": LINGERING_SECONDS,
            # The listener's connections have it from the beginning.
            "tcp_keepalive": False,
        }
        super().__init__(
            app, handler_cancellation=True, shutdown_timeout=shutdown_timeout, **self._options
        )

    def hurry(self) -> None:
        """From now on let handlers have next to no time when this ends."""
        self._shutdown_timeout = HURRIED_SECONDS

    async def shutdown(self) -> None:
        """End what the application does, and let clients take what it said at last."""
        await super().shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(min(FLUSH_SECONDS, self._shutdown_timeout)):
                while True:
                    # A handler that has just ended still has the end of its answer to write.
                    await asyncio.sleep(FLUSH_LOOK_SECONDS)
                    if not self._has_unsent():
                        return

    def _has_unsent(self) -> bool:
        connections = self.server.connections if self.server else []
        return any(
            connection.transport is not None and connection.transport.get_write_buffer_size()
            for connection in connections
        )

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        return _Server(
            made.request_handler,
            request_factory=made.request_factory,
            handler_cancellation=made.handler_cancellation,
            loop=asyncio.get_running_loop(),
            **self._options,
        )


class _Server(web.Server):
    """Makes a connection of ours for each that comes in."""

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, loop=self._loop, **self._kwargs)


class _Connection(web.RequestHandler):
    """aiohttp's, but for what it says when something breaks."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer what the parser refused, or an answer that broke before it began."""
        del status, message
        error = _error_for(exc)
        _log.info(
            "request_broken",
            address=request.remote,
            status=CLIENT_GONE if isinstance(exc, ConnectionError) else error.status,
            error=type(exc).__name__ if exc else None,
        )
        if request.writer.output_size > 0:
            # A second answer would land inside the first.
            raise ConnectionError
        response = error_answer(error, secrets.token_hex(16))
        response.headers.update(GUARDS)
        response.force_close()
        return response


def _error_for(exc: BaseException | None) -> RequestError:
    match exc:
        case LineTooLong():
            return HeadTooLarge()
        case HttpProcessingError():
            return BadRequest()
        case _:
            return RequestError()
