"""A route admits whom its own entry names; what has no entry admits admins only."""

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from mlx_relay.auth.access import Access, allow, check_access, needed_access, setup_access
from mlx_relay.errors import Forbidden
from mlx_relay.grants import SCOPES


async def handler(request: web.Request) -> web.Response:
    del request
    return web.Response()


def make_app() -> web.Application:
    app = web.Application()
    setup_access(app)
    levels: tuple[Access, ...] = ("public", "known", "chat", "admin")
    for access in levels:
        allow(app, app.router.add_get(f"/api/{access}", handler, allow_head=False), access)
    app.router.add_get("/forgotten", handler)
    app.router.add_get("/api/forgotten", handler)
    return app


async def needed(path: str, method: str = "GET") -> str:
    app = make_app()
    request = make_mocked_request(method, path, app=app)
    request._match_info = await app.router.resolve(request)
    request._match_info.add_app(app)
    return needed_access(request)


async def test_a_route_needs_what_its_entry_says() -> None:
    for access in ("public", "known", "chat", "admin"):
        assert await needed(f"/api/{access}") == access
        assert await needed(f"/api/{access}?x=/api/public") == access


async def test_a_route_without_an_entry_is_for_admins() -> None:
    assert await needed("/forgotten") == "admin"
    assert await needed("/api/forgotten") == "admin"


async def test_below_api_nothing_is_told_to_strangers() -> None:
    for path in ("/api/nothing", "/api/public/", "/api/PUBLIC", "/api/users/../public"):
        assert await needed(path) == "known"
    assert await needed("/api/public", "HEAD") == "known"
    assert await needed("/api/public", "DELETE") == "known"


async def test_elsewhere_nothing_is_there_for_anybody() -> None:
    for path in ("/nothing", "/API/user", "//api/user", "/", "/api"):
        assert await needed(path) == "public"


@pytest.mark.parametrize(
    ("access", "method", "role", "scopes"),
    [
        ("known", "POST", "user", ()),
        ("chat", "POST", "user", ("chat",)),
        ("chat", "GET", "user", ("read",)),
        ("account", "DELETE", "user", ("account",)),
        ("account", "GET", "user", ("read",)),
        ("admin", "DELETE", "admin", ("admin",)),
        ("admin", "GET", "admin", ("read",)),
        ("admin", "PATCH", "admin", SCOPES),
    ],
)
def test_a_scope_lets_in(access: Access, method: str, role: str, scopes: tuple[str, ...]) -> None:
    check_access(access, method, role, scopes)


@pytest.mark.parametrize(
    ("access", "method", "role", "scopes"),
    [
        ("chat", "POST", "user", ("read", "account", "admin")),
        ("chat", "GET", "user", ("account",)),
        ("account", "POST", "user", ("read", "chat", "admin")),
        ("account", "GET", "admin", ("chat", "admin")),
        ("admin", "PATCH", "admin", ("read", "chat", "account")),
        ("admin", "GET", "admin", ("chat", "account")),
        ("admin", "GET", "user", SCOPES),
    ],
)
def test_without_its_scope_or_its_role_nobody_gets_in(
    access: Access, method: str, role: str, scopes: tuple[str, ...]
) -> None:
    with pytest.raises(Forbidden):
        check_access(access, method, role, scopes)
