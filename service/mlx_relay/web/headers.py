"""Responses in; the same with the headers that every answer of ours carries out."""

from aiohttp import hdrs, web

from mlx_relay.web.errors import REQUEST_ID


def setup_headers(app: web.Application) -> None:
    """By signal, not by middleware: a stream's headers have left before a middleware sees them."""
    app.on_response_prepare.append(_add_headers)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    headers[hdrs.SERVER] = "mlx-relay"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    if REQUEST_ID in request:
        headers["X-Request-ID"] = request[REQUEST_ID]
    if request.path.startswith("/api/"):
        headers[hdrs.CACHE_CONTROL] = "no-store"
