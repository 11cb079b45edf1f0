"""Which pages of other origins may read an answer: none, or those that are listed."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.errors import Unauthorized
from mlx_relay.web.cors import setup_cors
from mlx_relay.web.errors import setup_errors

from .conftest import Client

OURS = "https://chat.example"


async def refuse(request: web.Request) -> web.Response:
    del request
    raise Unauthorized


def make_app(*origins: str) -> web.Application:
    app = web.Application()
    setup_errors(app)
    setup_cors(app, origins)
    app.router.add_get("/api/things", refuse)
    app.router.add_get("/v1/things", refuse)
    app.router.add_get("/page", refuse)
    return app


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with TestClient(TestServer(make_app(OURS))) as made:
        yield made


def allowed(answer: ClientResponse) -> set[str]:
    return {name for name in answer.headers if name.startswith("Access-Control-")}


@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
async def test_without_a_list_no_page_of_another_origin_reads_us(method: str) -> None:
    async with (
        TestClient(TestServer(make_app())) as client,
        client.request(method, "/api/things", headers={"Origin": OURS}) as answer,
    ):
        assert allowed(answer) == set()
        assert answer.status == (401 if method == "GET" else 405)


async def test_a_listed_page_asks_first_and_needs_no_token_for_that(client: Client) -> None:
    headers = {"Origin": OURS, "Access-Control-Request-Method": "GET"}
    async with client.options("/api/things", headers=headers) as answer:
        assert answer.status == 204
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
        assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]
        assert answer.headers["Access-Control-Max-Age"] == "600"


@pytest.mark.parametrize("path", ["/api/things", "/v1/things"])
async def test_a_listed_page_reads_answers_and_errors_but_sends_no_cookies(
    client: Client, path: str
) -> None:
    async with client.get(path, headers={"Origin": OURS}) as answer:
        assert answer.status == 401
        assert answer.headers["Access-Control-Allow-Origin"] == OURS
        assert answer.headers["Vary"] == "Origin"
        assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
        assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize(
    "origin", ["null", "*", "https://evil.example", f"{OURS}.evil.example", "http://chat.example"]
)
async def test_no_other_origin_is_answered_as_a_listed_one(client: Client, origin: str) -> None:
    async with client.get("/api/things", headers={"Origin": origin}) as answer:
        assert allowed(answer) == set()
        assert answer.headers["Vary"] == "Origin"


async def test_only_the_api_is_for_other_pages(client: Client) -> None:
    async with client.get("/page", headers={"Origin": OURS}) as answer:
        assert allowed(answer) == set()
