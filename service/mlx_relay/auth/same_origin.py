"""The check that a request which a browser signed with its cookie came from our own page."""

from aiohttp import hdrs, web

from mlx_relay.errors import Forbidden

_SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})


def check_same_origin(request: web.BaseRequest) -> None:
    """Raise Forbidden for a change that another site could have sent.

    A form can send neither application/json nor Sec-Fetch-Site; that header is what the browser
    itself says, but it is absent on plain http, where the Origin must then name our host.
    """
    if request.method in _SAFE:
        return
    if request.content_type != "application/json":
        raise Forbidden("With the session cookie, send application/json.")
    site = request.headers.get("Sec-Fetch-Site")
    if site is None:
        origin = request.headers.get(hdrs.ORIGIN)
        is_ours = origin in (f"http://{request.host}", f"https://{request.host}")
    else:
        is_ours = site == "same-origin"
    if not is_ours:
        raise Forbidden("With the session cookie, only this server's own pages may do this.")
