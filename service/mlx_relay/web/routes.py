"""Every address of the server, and whom it admits, on one page."""

from typing import NamedTuple

from aiohttp import web

from mlx_relay.auth.access import Access, allow
from mlx_relay.web import (
    accounts,
    audit,
    chat,
    conversations,
    health,
    keys,
    live_metrics,
    metrics,
    openapi,
    page,
    page_config,
    profiles,
    refresh,
    streams,
    users,
)
from mlx_relay.web.dialects import openai as openai_dialect
from mlx_relay.web.dialects import openai_models
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
_STREAM = "/api/chat/streams/{id:[0-9a-f]{32}}"
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
    Route("GET", "/api/auth/me", accounts.who_am_i, "known"),
    Route("POST", "/api/auth/password", accounts.change_password, "account"),
    Route("POST", "/api/chat/completions", chat.complete, "chat", is_stream=True),
    Route("GET", _STREAM, streams.resume, "chat", is_stream=True),
    Route("POST", f"{_STREAM}/stop", streams.stop, "chat"),
    Route("GET", "/api/config", page_config.show_config, "chat"),
    Route("GET", "/api/conversations", conversations.list_conversations, "account"),
    Route("POST", "/api/conversations", conversations.add_conversation, "account"),
    Route("GET", _CONVERSATION, conversations.show_conversation, "account"),
    Route("PATCH", _CONVERSATION, conversations.change_conversation, "account"),
    Route("DELETE", _CONVERSATION, conversations.remove_conversation, "account"),
    Route("GET", f"{_CONVERSATION}/export", conversations.export_conversation, "account"),
    Route("PUT", f"{_CONVERSATION}/messages/{_POSITION}", conversations.put_message, "account"),
    Route("GET", "/api/openapi.json", openapi.show_openapi, "known"),
    Route("GET", "/api/profiles", profiles.list_profiles, "chat"),
    Route("POST", "/api/profiles", profiles.add_profile, "admin"),
    Route("GET", f"/api/profiles/{_ID}", profiles.show_profile, "chat"),
    Route("PATCH", f"/api/profiles/{_ID}", profiles.change_profile, "admin"),
    Route("DELETE", f"/api/profiles/{_ID}", profiles.remove_profile, "admin"),
    Route("POST", f"/api/profiles/{_ID}/test", profiles.try_profile, "admin"),
    Route("GET", "/api/keys", keys.list_keys, "account"),
    Route("POST", "/api/keys", keys.add_key, "account"),
    Route("DELETE", f"/api/keys/{_ID}", keys.remove_key, "account"),
    Route("GET", "/api/audit", audit.list_changes, "admin"),
    Route("GET", "/api/users", users.list_users, "admin"),
    Route("POST", "/api/users", users.add_user, "admin"),
    Route("GET", f"/api/users/{_ID}", users.show_user, "admin"),
    Route("PATCH", f"/api/users/{_ID}", users.change_user, "admin"),
    Route("DELETE", f"/api/users/{_ID}", users.remove_user, "admin"),
    Route("POST", "/v1/chat/completions", openai_dialect.complete, "chat", is_stream=True),
    Route("GET", "/v1/models", openai_models.list_models, "chat"),
    Route("GET", "/v1/models/{name:.+}", openai_models.show_model, "chat"),
)


def setup_routes(app: web.Application) -> None:
    setup_finishing(app)
    openapi.setup_openapi(app, ROUTES)
    for route in ROUTES:
        handler = route.handler if route.is_stream else finishing(route.handler)
        added = app.router.add_route(route.method, route.path, handler)
        allow(app, added, route.access)
