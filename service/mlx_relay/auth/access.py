"""Which routes need whom: each route's own entry, and no entry means admins only."""

from typing import Literal, TypeAlias

from aiohttp import web
from aiohttp.web_urldispatcher import AbstractRoute

Access: TypeAlias = Literal["public", "user", "admin"]

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
        return "user" if request.path.startswith("/api/") else "public"
    return request.app[_ACCESS].get(match.route, "admin")
