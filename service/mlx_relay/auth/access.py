"""Which routes need whom: each route's own entry, and no entry means admins only.

``known`` is anybody with good credentials. ``chat``, ``account`` and ``admin`` ask an API key for
that scope too (``read`` will do to GET something), and ``admin`` everybody for the role.
"""

from collections.abc import Collection
from typing import Literal, TypeAlias

from aiohttp import hdrs, web
from aiohttp.web_urldispatcher import AbstractRoute

from mlx_relay.errors import Forbidden

Access: TypeAlias = Literal["public", "known", "chat", "account", "admin"]

_ACCESS = web.AppKey("route_access", dict[AbstractRoute, Access])


def setup_access(app: web.Application) -> None:
    app[_ACCESS] = {}


def allow(app: web.Application, route: AbstractRoute, access: Access) -> None:
    """Note that *route* needs *access*."""
    app[_ACCESS][route] = access


def needed_access(request: web.Request) -> Access:
    """Return what *request* needs, by the route that was matched, never by its text.

    Where nothing was matched, under /api a login comes before the news that nothing is there.
    """
    match = request.match_info
    if match.http_exception is not None:
        return "known" if request.path.startswith("/api/") else "public"
    return request.app[_ACCESS].get(match.route, "admin")


def check_access(access: Access, method: str, role: str, scopes: Collection[str]) -> None:
    """Raise Forbidden unless somebody of *role*, with *scopes*, may come in."""
    if access == "admin" and role != "admin":
        raise Forbidden
    if access == "known" or access in scopes or (method == hdrs.METH_GET and "read" in scopes):
        return
    raise Forbidden(f"This API key is not for that: it lacks the scope {access}.")
