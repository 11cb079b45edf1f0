"""The middleware lets through whom the route admits, before it looks at anything else."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.auth.access import Access, allow
from mlx_relay.auth.api_keys import hash_api_key, make_api_key
from mlx_relay.auth.authenticator import Authenticator
from mlx_relay.auth.middleware import AUTHENTICATOR, IDENTITY, setup_auth
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.errors import NotFound, RequestError
from mlx_relay.grants import SCOPES, Scope

SIGNER = TokenSigner(bytes(32), lifetime_seconds=900)
COOKIE = "session"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class FakeAccount:
    id: int
    name: str
    role: str
    disabled: bool = False
    token_version: int = 0


@dataclass(frozen=True)
class FakeKey:
    id: int
    user_id: int
    scopes: tuple[Scope, ...] = SCOPES
    expires_at: datetime | None = None


ACCOUNTS = {1: FakeAccount(1, "ada", "admin"), 2: FakeAccount(2, "bob", "user")}


async def find_account(user_id: int) -> FakeAccount:
    if user_id not in ACCOUNTS:
        raise NotFound
    return ACCOUNTS[user_id]


async def find_signed_in(sign_in: str) -> FakeAccount:
    """The sign-ins have the names of the users."""
    return await find_account(int(sign_in))


KEYS = {make_api_key(): FakeKey(1, 1, ("chat",)), make_api_key(): FakeKey(2, 1, ("read",))}
SECRETS = dict(zip(("chat", "read"), KEYS, strict=True))


async def find_key(secret_hash: str) -> FakeKey:
    return next(key for secret, key in KEYS.items() if hash_api_key(secret) == secret_hash)


@web.middleware
async def statuses(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except RequestError as error:
        return web.Response(status=error.status)


async def say_who(request: web.Request) -> web.Response:
    identity = request.get(IDENTITY)
    return web.Response(text=identity.name if identity else "nobody")


@pytest.fixture
async def client() -> AsyncIterator[TestClient[web.Request, web.Application]]:
    app = web.Application(middlewares=[statuses])
    authenticator = Authenticator(
        SIGNER, find_signed_in=find_signed_in, find_account=find_account, find_key=find_key
    )
    setup_auth(app, authenticator, cookie_name=COOKIE)
    assert app[AUTHENTICATOR] is authenticator
    levels: tuple[Access, ...] = ("public", "known", "chat", "admin")
    for access in levels:
        allow(app, app.router.add_route("*", f"/api/{access}", say_who), access)
    async with TestClient(TestServer(app)) as made:
        yield made


def bearer(user_id: int) -> dict[str, str]:
    return {"Authorization": f"Bearer {SIGNER.issue(user_id, 0, str(user_id), now=time.time())}"}


@pytest.mark.parametrize(
    ("path", "user_id", "status"),
    [
        ("/api/public", None, 200),
        ("/api/known", None, 401),
        ("/api/admin", None, 401),
        ("/api/nothing", None, 401),
        ("/nothing", None, 404),
        ("/api/known", 2, 200),
        ("/api/admin", 2, 403),
        ("/api/nothing", 2, 404),
        ("/api/admin", 1, 200),
        ("/api/known", 3, 401),
    ],
)
async def test_a_route_admits_whom_it_should(
    client: TestClient[web.Request, web.Application],
    path: str,
    user_id: int | None,
    status: int,
) -> None:
    headers = bearer(user_id) if user_id else {}
    async with client.post(path, headers=headers) as answer:
        assert answer.status == status


@pytest.mark.parametrize(
    ("method", "path", "key", "status"),
    [
        ("POST", "/api/known", "chat", 200),
        ("POST", "/api/chat", "chat", 200),
        ("POST", "/api/chat", "read", 403),
        ("GET", "/api/chat", "read", 200),
        ("GET", "/api/admin", "read", 200),
        ("POST", "/api/admin", "read", 403),
        ("GET", "/api/admin", "chat", 403),
        ("GET", "/api/nothing", "chat", 404),
    ],
)
async def test_a_key_gets_as_far_as_its_scopes(
    client: TestClient[web.Request, web.Application],
    method: str,
    path: str,
    key: str,
    status: int,
) -> None:
    headers = {"Authorization": f"Bearer {SECRETS[key]}"}
    async with client.request(method, path, headers=headers) as answer:
        assert answer.status == status


async def test_the_handler_knows_who_asks(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.post("/api/known", headers=bearer(2)) as answer:
        assert await answer.text() == "bob"
    async with client.post("/api/public", headers=bearer(2)) as answer:
        assert await answer.text() == "nobody"


async def test_a_public_route_does_not_mind_bad_credentials(
    client: TestClient[web.Request, web.Application],
) -> None:
    async with client.post("/api/public", headers={"Authorization": "Basic x"}) as answer:
        assert answer.status == 200


async def test_a_cookie_changes_nothing_from_another_site(
    client: TestClient[web.Request, web.Application],
) -> None:
    token = bearer(2)["Authorization"].removeprefix("Bearer ")
    cookie = {"Cookie": f"{COOKIE}={token}", "Content-Type": "application/json"}
    async with client.post("/api/known", headers=cookie) as answer:
        assert answer.status == 403
    own = {**cookie, "Origin": f"http://{client.host}:{client.port}"}
    async with client.post("/api/known", headers=own) as answer:
        assert answer.status == 200


async def test_without_credentials_the_body_is_not_waited_for(
    client: TestClient[web.Request, web.Application],
) -> None:
    answered = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"x"
        await answered.wait()

    async with client.post("/api/known", data=endless()) as answer:
        assert answer.status == 401
        answered.set()
