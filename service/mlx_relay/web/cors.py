"""Requests of pages of other origins in; what lets those that the operator listed read us, out.

With none listed nothing here is set up, and browsers keep all others out. A listed page brings a
token of its own: cookies stay ours (no ``Allow-Credentials``, and ours are SameSite=Strict).
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from aiohttp import hdrs, web

from mlx_relay.web.headers import APIS

METHODS = "GET, POST, PUT, PATCH, DELETE"
REQUEST_HEADERS = "Authorization, Content-Type"
RESPONSE_HEADERS = "Retry-After, X-Request-ID"
PREFLIGHT_SECONDS = 600

_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def setup_cors(app: web.Application, origins: Iterable[str]) -> None:
    """Let pages of *origins* (``https://chat.example``) use the API with a token."""
    listed = frozenset(origin.lower() for origin in origins)
    if not listed:
        return

    @web.middleware
    async def answer_preflight(request: web.Request, handler: _Handler) -> web.StreamResponse:
        if request.method == hdrs.METH_OPTIONS and _is_for_the_api(request, listed):
            return web.Response(status=204, headers=_PREFLIGHT)
        return await handler(request)

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        if request.path.startswith(APIS):
            response.headers.add(hdrs.VARY, hdrs.ORIGIN)
        if _is_for_the_api(request, listed):
            response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = request.headers[hdrs.ORIGIN]
            response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = RESPONSE_HEADERS

    app.middlewares.append(answer_preflight)
    app.on_response_prepare.append(add_headers)


_PREFLIGHT = {
    hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
    hdrs.ACCESS_CONTROL_ALLOW_HEADERS: REQUEST_HEADERS,
    hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_SECONDS),
}


def _is_for_the_api(request: web.Request, listed: frozenset[str]) -> bool:
    return request.path.startswith(APIS) and request.headers.get(hdrs.ORIGIN) in listed
