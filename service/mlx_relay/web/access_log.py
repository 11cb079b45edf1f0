"""Requests and what became of them in; one record each in the process log out.

Without what may hold a secret: no query, no header, no body. The process log makes it ASCII.
"""

import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.web.client_address import client_address
from mlx_relay.web.errors import REQUEST_ID

CLIENT_GONE = 499
"""As nginx says it: the client left before the answer was complete."""

MAX_PATH_LENGTH = 200

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger(__name__)


def setup_access_log(app: web.Application) -> None:
    """Note every request of *app*; set up before the concern that answers errors."""
    app.middlewares.append(_note_request)


@web.middleware
async def _note_request(request: web.Request, handler: _Handler) -> web.StreamResponse:
    started = time.monotonic()
    status = CLIENT_GONE
    try:
        response = await handler(request)
        status = response.status
    except web.HTTPException as error:
        status = error.status
        raise
    finally:
        _note(request, status, time.monotonic() - started)
    return response


def _note(request: web.Request, status: int, seconds: float) -> None:
    identity = request.get(IDENTITY)
    _log.info(
        "request",
        method=request.method,
        path=request.rel_url.raw_path[:MAX_PATH_LENGTH],
        status=status,
        ms=round(seconds * 1000, 1),
        address=client_address(request),
        user_id=identity.user_id if identity else None,
        request_id=request.get(REQUEST_ID),
    )
