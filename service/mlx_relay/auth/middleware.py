"""Requests in; the same requests with their ``Identity``, or 401 or 403, out. Denies by default."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from aiohttp import web

from mlx_relay.auth.access import check_access, needed_access, setup_access
from mlx_relay.auth.authenticator import Authenticator, Identity
from mlx_relay.auth.credentials import find_credential
from mlx_relay.auth.same_origin import check_same_origin
from mlx_relay.errors import Unauthorized

__all__ = ["AUTHENTICATOR", "IDENTITY", "Identity", "setup_auth"]

AUTHENTICATOR = web.AppKey("authenticator", Authenticator)
IDENTITY = web.RequestKey("identity", Identity)

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]
_log = structlog.get_logger(__name__)


def setup_auth(app: web.Application, authenticator: Authenticator, *, cookie_name: str) -> None:
    """Let nobody through to a handler of *app* whom its route does not admit."""

    @web.middleware
    async def authenticate(request: web.Request, handler: _Handler) -> web.StreamResponse:
        access = needed_access(request)
        if access != "public":
            identity = await _identify(request, authenticator, cookie_name)
            if identity.via == "cookie":
                check_same_origin(request)
            check_access(access, request.method, identity.role, identity.scopes)
            request[IDENTITY] = identity
        return await handler(request)

    setup_access(app)
    app[AUTHENTICATOR] = authenticator
    app.middlewares.append(authenticate)


async def _identify(
    request: web.Request, authenticator: Authenticator, cookie_name: str
) -> Identity:
    try:
        return await authenticator.identify(find_credential(request, cookie_name))
    except Unauthorized as error:
        _log.info("auth_failed", reason=error.reason)
        raise
