"""Every answer carries the headers, also a stream and an error."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.web.errors import setup_errors
from mlx_relay.web.headers import setup_headers

from .conftest import Client


async def plain(request: web.Request) -> web.Response:
    del request
    return web.Response(text="plain")


async def page_with_policy(request: web.Request) -> web.Response:
    del request
    return web.Response(headers={"Content-Security-Policy": "script-src 'self'"})


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    return response


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    setup_errors(app)
    setup_headers(app)
    app.router.add_get("/api/stream", stream)
    app.router.add_get("/api/plain", plain)
    app.router.add_get("/page", plain)
    app.router.add_get("/policy", page_with_policy)
    async with TestClient(TestServer(app)) as made:
        yield made


@pytest.mark.parametrize("path", ["/api/stream", "/api/plain", "/page", "/api/nothing", "/nothing"])
async def test_every_answer_is_guarded(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "mlx-relay"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert len(answer.headers["X-Request-ID"]) == 32


async def test_a_page_has_a_policy_of_its_own(client: Client) -> None:
    async with client.get("/policy") as answer:
        assert answer.headers["Content-Security-Policy"] == "script-src 'self'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_only_the_api_is_never_stored(client: Client) -> None:
    for path in ("/api/stream", "/api/nothing", "/v1/nothing"):
        async with client.get(path) as answer:
            assert answer.headers["Cache-Control"] == "no-store"
    async with client.get("/page") as answer:
        assert "Cache-Control" not in answer.headers


async def test_an_error_has_the_id_of_its_header(client: Client) -> None:
    async with client.get("/nothing") as answer:
        body = await answer.json()
        assert body["error"]["request_id"] == answer.headers["X-Request-ID"]
