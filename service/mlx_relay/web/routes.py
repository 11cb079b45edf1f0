"""Every address of the server, and whom it admits, on one page."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from aiohttp import web

from mlx_relay.auth.access import Access, allow
from mlx_relay.web import accounts, chat, health, keys, metrics, profiles, users


class Route(NamedTuple):
    """One method of one address; *access* says who may come in."""

    method: str
    path: str
    handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    access: Access


_ID = "{id:[1-9][0-9]{0,8}}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/healthz", health.alive, "public"),
    Route("GET", "/readyz", health.ready, "public"),
    Route("GET", "/metrics", metrics.scrape, "public"),
    Route("POST", "/api/auth/login", accounts.log_in, "public"),
    Route("POST", "/api/auth/logout", accounts.log_out, "user"),
    Route("GET", "/api/auth/me", accounts.who_am_i, "user"),
    Route("POST", "/api/auth/password", accounts.change_password, "user"),
    Route("POST", "/api/chat/completions", chat.complete, "user"),
    Route("GET", "/api/profiles", profiles.list_profiles, "user"),
    Route("POST", "/api/profiles", profiles.add_profile, "admin"),
    Route("GET", f"/api/profiles/{_ID}", profiles.show_profile, "user"),
    Route("PATCH", f"/api/profiles/{_ID}", profiles.change_profile, "admin"),
    Route("DELETE", f"/api/profiles/{_ID}", profiles.remove_profile, "admin"),
    Route("POST", f"/api/profiles/{_ID}/test", profiles.try_profile, "admin"),
    Route("GET", "/api/keys", keys.list_keys, "user"),
    Route("POST", "/api/keys", keys.add_key, "user"),
    Route("DELETE", f"/api/keys/{_ID}", keys.remove_key, "user"),
    Route("GET", "/api/users", users.list_users, "admin"),
    Route("POST", "/api/users", users.add_user, "admin"),
    Route("GET", f"/api/users/{_ID}", users.show_user, "admin"),
    Route("PATCH", f"/api/users/{_ID}", users.change_user, "admin"),
    Route("DELETE", f"/api/users/{_ID}", users.remove_user, "admin"),
)


def setup_routes(app: web.Application) -> None:
    for route in ROUTES:
        added = app.router.add_route(route.method, route.path, route.handler)
        allow(app, added, route.access)
