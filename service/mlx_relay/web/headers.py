"""Responses in; the same with the headers that every answer of ours carries out."""

from aiohttp import hdrs, web

from mlx_relay.web.errors import REQUEST_ID

APIS = ("/api/", "/v1/")
"""What is below is for programs and for other pages; the rest is the chat page."""

POLICY = "Content-Security-Policy"
GUARDS = {
    hdrs.SERVER: "mlx-relay",
    POLICY: "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
"""What an answer means to a browser: data, for our own page, in no frame, of no other type."""


def setup_headers(app: web.Application) -> None:
    """By signal, not by middleware: a stream's headers have left before a middleware sees them."""
    app.on_response_prepare.append(_add_headers)


async def _add_headers(request: web.Request, response: web.StreamResponse) -> None:
    headers = response.headers
    page_policy = headers.get(POLICY)
    headers.update(GUARDS)
    if page_policy:
        headers[POLICY] = page_policy
    if REQUEST_ID in request:
        headers["X-Request-ID"] = request[REQUEST_ID]
    if request.path.startswith(APIS):
        headers[hdrs.CACHE_CONTROL] = "no-store"
