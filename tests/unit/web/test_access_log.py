"""One record a request, whatever becomes of it, and nothing in it that may be a secret."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs
from structlog.typing import EventDict

from mlx_relay.auth.authenticator import Identity
from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.grants import SessionGrant
from mlx_relay.web.access_log import MAX_PATH_LENGTH, setup_access_log
from mlx_relay.web.answers import empty_answer
from mlx_relay.web.client_address import setup_client_address
from mlx_relay.web.errors import setup_errors

from .conftest import Client


async def answer(request: web.Request) -> web.Response:
    request[IDENTITY] = Identity(7, "ada", "user", "token", SessionGrant(7, 0, "s"))
    return empty_answer()


async def move(request: web.Request) -> web.Response:
    del request
    raise web.HTTPFound("/elsewhere")


async def wait_for_ever(request: web.Request) -> web.Response:
    request.app[ARRIVED].set()
    try:
        await asyncio.Event().wait()
    finally:
        request.app[LEFT].set()
    return empty_answer()


ARRIVED = web.AppKey("arrived", asyncio.Event)
LEFT = web.AppKey("left", asyncio.Event)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    app[ARRIVED], app[LEFT] = asyncio.Event(), asyncio.Event()
    setup_access_log(app)
    setup_errors(app)
    setup_client_address(app, ())
    app.router.add_get("/answer", answer)
    app.router.add_get("/move", move)
    app.router.add_get("/wait", wait_for_ever)
    async with TestClient(TestServer(app)) as made:
        yield made


@pytest.fixture
def records() -> Iterator[list[EventDict]]:
    with capture_logs() as captured:
        yield captured


def requests(records: list[EventDict]) -> list[dict[str, Any]]:
    return [dict(record) for record in records if record["event"] == "request"]


async def test_a_record_says_who_asked_for_what_and_what_they_got(
    client: Client, records: list[EventDict]
) -> None:
    async with client.get("/answer?token=secret", headers={"User-Agent": "secret"}):
        pass
    (record,) = requests(records)
    assert (record["method"], record["path"], record["status"]) == ("GET", "/answer", 204)
    assert (record["address"], record["user_id"]) == ("127.0.0.1", 7)
    assert len(record["request_id"]) == 32
    assert record["ms"] >= 0
    assert "secret" not in str(record)


async def test_errors_and_redirects_are_noted_too(client: Client, records: list[EventDict]) -> None:
    for path in ("/nothing", "/move"):
        async with client.get(path, allow_redirects=False):
            pass
    assert [(record["status"], record["user_id"]) for record in requests(records)] == [
        (404, None),
        (302, None),
    ]


async def test_who_leaves_before_the_answer_is_noted(
    client: Client, records: list[EventDict]
) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    writer.write(b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert client.app is not None
    await client.app[ARRIVED].wait()
    writer.close()
    await client.app[LEFT].wait()
    del reader
    assert [record["status"] for record in requests(records)] == [499]


async def test_a_long_path_is_cut(client: Client, records: list[EventDict]) -> None:
    async with client.get("/" + "x" * 1000):
        pass
    assert len(requests(records)[0]["path"]) == MAX_PATH_LENGTH
