"""Connections in; requests, or a refusal of what is no request, out.

How aiohttp's connections are set up, and our own answer where its parser gives up: aiohttp's
quotes the bad line, which may be an Authorization header, to the client and in the log.
"""

import asyncio
import uuid
from typing import Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from mlx_relay.errors import BadRequest, HeadTooLarge, RequestError
from mlx_relay.web.errors import error_answer
from mlx_relay.web.headers import GUARDS

HEAD_SECONDS = 15.0
"""For a connection's first request line and headers, and then for each pause between requests."""

LINGERING_SECONDS = 5.0
"""How long the rest of a body that nobody wants is read, so that the client sees the answer."""

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
        }
        super().__init__(
            app, handler_cancellation=True, shutdown_timeout=shutdown_timeout, **self._options
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
            status=error.status,
            error=type(exc).__name__ if exc else None,
        )
        if request.writer.output_size > 0:
            # A second answer would land inside the first.
            raise ConnectionError
        response = error_answer(error, uuid.uuid4().hex)
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
