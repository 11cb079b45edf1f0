"""The matrix: every route against every kind of credential."""

import base64
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import jwt
import pytest
from aiohttp import web

from mlx_relay.auth.tokens import AUDIENCE, ISSUER, TYPE
from mlx_relay.grants import Scope
from mlx_relay.web.routes import ROUTES, Route

from .conftest import SIGNING_KEY, Edge

MakeHeaders = Callable[[Edge], Awaitable[dict[str, str]]]
PUBLIC = {
    "/",
    "/favicon.svg",
    "/THIRD_PARTY.txt",
    "/assets/nothing.js",
    "/healthz",
    "/readyz",
    "/metrics",
    "/api/auth/login",
    "/api/auth/logout",
    "/api/auth/refresh",
}
LOOK_FOR_THEMSELVES = {"/api/auth/login", "/api/auth/refresh"}
"""Open to everybody, but they ask for a credential of their own."""
LOGOUT_LAST = sorted(ROUTES, key=lambda route: route.path == "/api/auth/logout")
"""Whoever signs out is out."""
SAFE = {"GET", "HEAD"}
STREAM_ID = "0" * 32
WITHOUT_BODY = {
    "/api/auth/logout",
    "/api/auth/refresh",
    f"/api/chat/streams/{STREAM_ID}/stop",
    "/api/profiles/999/test",
}


def path_of(route: Route) -> str:
    """Fill the ids in with what nobody has, so that nothing is really removed."""
    pattern = web.UrlDispatcher().add_resource(route.path).canonical
    texts = {
        "/api/conversations": "00000000-0000-4000-8000-000000000000",
        "/api/chat/streams": STREAM_ID,
    }
    one = next((text for start, text in texts.items() if pattern.startswith(start)), "999")
    return pattern.format(id=one, position=0, name="nothing.js")


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def token(key: bytes = SIGNING_KEY, algorithm: str = "HS256", **claims: Any) -> str:
    """Return a token of the admin, good but for *claims*; a claim of None is left out."""
    now = int(time.time())
    good = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "1",
        "jti": "x",
        "iat": now,
        "exp": now + 900,
        "ver": 0,
        "sid": "x",
    }
    payload = {name: value for name, value in (good | claims).items() if value is not None}
    return jwt.encode(payload, key, algorithm=algorithm, headers={"typ": TYPE})


def without_algorithm() -> str:
    head, payload, _ = token().split(".")
    head = base64.urlsafe_b64encode(json.dumps({"alg": "none", "typ": TYPE}).encode()).decode()
    return f"{head.rstrip('=')}.{payload}."


async def no_headers(edge: Edge) -> dict[str, str]:
    del edge
    return {}


async def of_disabled_user(edge: Edge) -> dict[str, str]:
    user = await edge.repository.add_user("eve", "hash", role="admin")
    await edge.sign_in(user)
    return edge.bearer(await edge.repository.change_user(user.id, disabled=True))


async def of_removed_user(edge: Edge) -> dict[str, str]:
    user = await edge.repository.add_user("eve", "hash", role="admin")
    headers = await edge.sign_in(user)
    await edge.repository.remove_user(user.id)
    return headers


async def of_older_version(edge: Edge) -> dict[str, str]:
    headers = edge.bearer(edge.admin)
    await edge.repository.change_user(edge.admin.id, password_hash="other")
    return headers


async def with_unknown_key(edge: Edge) -> dict[str, str]:
    return bearer("mlxr_" + "a" * 43)


async def with_token_in_another_header(edge: Edge) -> dict[str, str]:
    return {"X-Access-Token": token()}


def fixed(headers: dict[str, str]) -> MakeHeaders:
    async def make(edge: Edge) -> dict[str, str]:
        del edge
        return headers

    return make


def with_claims(**claims: Any) -> MakeHeaders:
    async def make(edge: Edge) -> dict[str, str]:
        del edge
        return bearer(token(**claims))

    return make


REFUSED: dict[str, MakeHeaders] = {
    "no credentials": no_headers,
    "garbage": fixed(bearer("garbage")),
    "basic": fixed({"Authorization": "Basic YWRhOmNvcnJlY3QgaG9yc2U="}),
    "empty": fixed({"Authorization": ""}),
    "injection": fixed(bearer("' OR 1=1--")),
    "unknown api key": with_unknown_key,
    "another header": with_token_in_another_header,
    "expired": with_claims(iat=1, exp=2),
    "from the future": with_claims(iat=2**31, exp=2**31 + 900),
    "wrong signature": with_claims(key=bytes(32)),
    "other algorithm": with_claims(key=SIGNING_KEY * 2, algorithm="HS512"),
    "wrong audience": with_claims(aud="other"),
    "wrong issuer": with_claims(iss="other"),
    "no expiry": with_claims(exp=None),
    "no audience": with_claims(aud=None),
    "no algorithm": fixed(bearer(without_algorithm())),
    "disabled user": of_disabled_user,
    "removed user": of_removed_user,
    "older version": of_older_version,
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_without_good_credentials_only_public_routes_answer(edge: Edge, kind: str) -> None:
    headers = await REFUSED[kind](edge)
    for route in ROUTES:
        path = path_of(route)
        async with edge.client.request(route.method, path, headers=headers) as answer:
            if route.access == "public":
                assert answer.status != 401, path
                continue
            assert answer.status == 401, path
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), path
            assert (await answer.json())["error"]["code"] == "unauthorized"


async def admin_token(edge: Edge) -> dict[str, str]:
    return edge.bearer(edge.admin)


async def user_token(edge: Edge) -> dict[str, str]:
    return edge.bearer(edge.user)


async def admin_key(edge: Edge) -> dict[str, str]:
    return bearer(await edge.make_key(edge.admin))


async def user_key(edge: Edge) -> dict[str, str]:
    return bearer(await edge.make_key(edge.user))


async def admin_cookie(edge: Edge) -> dict[str, str]:
    return cookie_of(edge, edge.bearer(edge.admin))


async def user_cookie(edge: Edge) -> dict[str, str]:
    return cookie_of(edge, edge.bearer(edge.user))


def cookie_of(edge: Edge, headers: dict[str, str]) -> dict[str, str]:
    secret = headers["Authorization"].removeprefix("Bearer ")
    return {
        "Cookie": f"mlx_relay_session={secret}",
        "Content-Type": "application/json",
        "Origin": f"http://{edge.client.host}:{edge.client.port}",
    }


@pytest.mark.parametrize("make_headers", [admin_token, admin_key, admin_cookie])
async def test_an_admin_may_come_in_everywhere(edge: Edge, make_headers: MakeHeaders) -> None:
    headers = await make_headers(edge)
    for route in LOGOUT_LAST:
        async with edge.client.request(route.method, path_of(route), headers=headers) as answer:
            is_open = route.path in LOOK_FOR_THEMSELVES
            assert answer.status < 500, route.path
            assert is_open or answer.status not in (401, 403), route.path


@pytest.mark.parametrize("make_headers", [user_token, user_key, user_cookie])
async def test_a_user_may_not_come_in_where_admins_do(
    edge: Edge, make_headers: MakeHeaders
) -> None:
    headers = await make_headers(edge)
    for route in LOGOUT_LAST:
        async with edge.client.request(route.method, path_of(route), headers=headers) as answer:
            is_refused = answer.status == 403 and route.path not in LOOK_FOR_THEMSELVES
            assert is_refused == (route.access == "admin"), route.path
            assert answer.status < 500, route.path


async def test_a_cookie_of_another_site_changes_nothing(edge: Edge) -> None:
    foreign = {**await admin_cookie(edge), "Origin": "http://evil.example"}
    for route in ROUTES:
        async with edge.client.request(route.method, path_of(route), headers=foreign) as answer:
            is_guarded = route.access != "public" or route.path == "/api/auth/refresh"
            is_change = route.method not in SAFE and is_guarded
            assert (answer.status == 403) == is_change, route.path


async def test_a_token_in_the_address_is_no_credential(edge: Edge) -> None:
    secret = edge.bearer(edge.admin)["Authorization"].removeprefix("Bearer ")
    for name in ("access_token", "token", "api_key"):
        assert (await edge.send("GET", f"/api/users?{name}={secret}"))[0] == 401


async def test_only_what_is_listed_here_is_public() -> None:
    assert {path_of(route) for route in ROUTES if route.access == "public"} == PUBLIC


SCOPED: dict[tuple[Scope, ...], set[str]] = {
    ("chat",): {"known", "chat"},
    ("account",): {"known", "account"},
    ("admin",): {"known", "admin"},
    ("read",): {"known"},
}


@pytest.mark.parametrize("scopes", SCOPED)
async def test_a_key_gets_no_further_than_its_scopes(edge: Edge, scopes: tuple[Scope, ...]) -> None:
    headers = bearer(await edge.make_key(edge.admin, *scopes))
    for route in (route for route in ROUTES if route.access != "public"):
        async with edge.client.request(route.method, path_of(route), headers=headers) as answer:
            may_look = scopes == ("read",) and route.method == "GET"
            may_come_in = may_look or route.access in SCOPED[scopes]
            assert (answer.status == 403) != may_come_in, (route.method, route.path)


async def test_only_what_is_listed_here_is_open_to_every_key() -> None:
    known = {path_of(route) for route in ROUTES if route.access == "known"}
    assert known == {"/api/auth/me", "/api/openapi.json"}


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE"])
async def test_another_method_gets_no_further(edge: Edge, method: str) -> None:
    taken = {route.path for route in ROUTES if route.method == method}
    for route in (route for route in ROUTES if route.path not in taken):
        async with edge.client.request(method, path_of(route)) as answer:
            expected = 401 if route.path.startswith("/api/") else 405
            assert answer.status == expected, route.path


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/users/",
        "/api/users/0",
        "/api/users/x",
        "/api/users/1/2",
        "/api/users/12345678901",
        "/api/Users",
        "/api/%75sers/x",
    ],
)
async def test_an_unknown_address_is_told_to_users_only(edge: Edge, path: str) -> None:
    assert (await edge.send("GET", path))[0] == 401
    status, body = await edge.as_admin("GET", path)
    assert (status, body["error"]["code"]) == (404, "not_found")


async def test_a_known_address_with_another_method_says_which_it_takes(edge: Edge) -> None:
    async with edge.client.put("/api/users", headers=edge.bearer(edge.user)) as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET,POST"
        assert (await answer.json())["error"]["code"] == "method_not_allowed"


def routes_with_a_body() -> list[Route]:
    changes = (route for route in ROUTES if route.method in ("POST", "PUT", "PATCH"))
    return [route for route in changes if path_of(route) not in WITHOUT_BODY]


@pytest.mark.parametrize("route", routes_with_a_body(), ids=path_of)
async def test_a_body_is_json_and_of_a_limited_size(edge: Edge, route: Route) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 65536

    headers = edge.bearer(edge.admin)
    path = path_of(route)
    form = headers | {"Content-Type": "text/plain"}
    async with edge.client.request(route.method, path, data=b"{}", headers=form) as answer:
        assert answer.status == 415
    form = headers | {"Content-Type": "application/json"}
    async with edge.client.request(route.method, path, data=endless(), headers=form) as answer:
        assert answer.status == 413
