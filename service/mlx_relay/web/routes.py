"""Every address of the server, and whom it admits, on one page."""

from typing import NamedTuple

from aiohttp import web

from mlx_relay.auth.access import Access, allow
from mlx_relay.web import (
    accounts,
    chat,
    conversations,
    health,
    keys,
    live_metrics,
    metrics,
    page,
    page_config,
    profiles,
    refresh,
    users,
)
from mlx_relay.web.finishing import Handler, finishing, setup_finishing


class Route(NamedTuple):
    """One method of one address; *access* says who may come in.

    A stream ends with its client; any other request is finished even when its client has left.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    is_stream: bool = False


_ID = "{id:[1-9][0-9]{0,8}}"
_UUID = "{id:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}}"
_POSITION = "{position:0|[1-9][0-9]{0,8}}"
_CONVERSATION = f"/api/conversations/{_UUID}"
_ASSET = "/assets/{name:[A-Za-z0-9_-][A-Za-z0-9._-]*}"

ROUTES: tuple[Route, ...] = (
    Route("GET", "/", page.show_page, "public"),
    Route("HEAD", "/", page.show_page, "public"),
    Route("GET", "/favicon.svg", page.show_file, "public"),
    Route("HEAD", "/favicon.svg", page.show_file, "public"),
    Route("GET", "/THIRD_PARTY.txt", page.show_file, "public"),
    Route("HEAD", "/THIRD_PARTY.txt", page.show_file, "public"),
    Route("GET", _ASSET, page.show_asset, "public"),
    Route("HEAD", _ASSET, page.show_asset, "public"),
    Route("GET", "/healthz", health.alive, "public"),
    Route("GET", "/readyz", health.ready, "public"),
    Route("GET", "/metrics", metrics.scrape, "public"),
    Route("GET", "/api/metrics/stream", live_metrics.watch, "admin", is_stream=True),
    Route("POST", "/api/auth/login", accounts.log_in, "public"),
    Route("POST", "/api/auth/logout", accounts.log_out, "public"),
    Route("POST", "/api/auth/refresh", refresh.refresh, "public"),
    Route("GET", "/api/auth/me", accounts.who_am_i, "user"),
    Route("POST", "/api/auth/password", accounts.change_password, "user"),
    Route("POST", "/api/chat/completions", chat.complete, "user", is_stream=True),
    Route("GET", "/api/config", page_config.show_config, "user"),
    Route("GET", "/api/conversations", conversations.list_conversations, "user"),
    Route("POST", "/api/conversations", conversations.add_conversation, "user"),
    Route("GET", _CONVERSATION, conversations.show_conversation, "user"),
    Route("PATCH", _CONVERSATION, conversations.change_conversation, "user"),
    Route("DELETE", _CONVERSATION, conversations.remove_conversation, "user"),
    Route("GET", f"{_CONVERSATION}/export", conversations.export_conversation, "user"),
    Route("PUT", f"{_CONVERSATION}/messages/{_POSITION}", conversations.put_message, "user"),
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
    setup_finishing(app)
    for route in ROUTES:
        handler = route.handler if route.is_stream else finishing(route.handler)
        added = app.router.add_route(route.method, route.path, handler)
        allow(app, added, route.access)
