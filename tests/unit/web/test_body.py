"""A body is a form, or an answer that says what is wrong with it."""

import asyncio
from collections.abc import AsyncIterator

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from mlx_relay.web.answers import json_answer
from mlx_relay.web.body import BIG_BODY_BYTES, parse_query, path_id, read_form, read_json
from mlx_relay.web.errors import setup_errors

from .conftest import Client

JSON = {"Content-Type": "application/json"}


class Letter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str


async def small(request: web.Request) -> web.Response:
    letter = await read_form(request, Letter, limit=1000, seconds=0.2)
    return json_answer(len(letter.text))


async def large(request: web.Request) -> web.Response:
    letter = await read_form(request, Letter, limit=10 * BIG_BODY_BYTES)
    return json_answer(len(letter.text))


async def anything(request: web.Request) -> web.Response:
    return json_answer(await read_json(request, limit=100))


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    count: int


async def asked(request: web.Request) -> web.Response:
    return json_answer(parse_query(request, Question).count)


async def numbered(request: web.Request) -> web.Response:
    return json_answer(path_id(request))


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    app = web.Application()
    setup_errors(app)
    app.router.add_post("/small", small)
    app.router.add_post("/large", large)
    app.router.add_get("/numbered/{id}", numbered)
    app.router.add_post("/anything", anything)
    app.router.add_get("/asked", asked)
    server = TestServer(app)
    # As the real entry point does: else aiohttp unpacks the body before anybody can refuse it.
    await server.start_server(auto_decompress=False)
    async with TestClient(server) as made:
        yield made


async def code_of(client: Client, data: object, headers: dict[str, str]) -> tuple[int, str]:
    async with client.post("/small", data=data, headers=headers) as answer:
        return answer.status, (await answer.json())["error"]["code"]


async def test_a_good_body_is_a_form(client: Client) -> None:
    for content_type in ("application/json", "application/json; charset=UTF-8"):
        headers = {"Content-Type": content_type}
        async with client.post("/small", data=b'{"text": "abc"}', headers=headers) as answer:
            assert (answer.status, await answer.json()) == (200, 3)


async def test_a_large_body_is_read_where_it_is_allowed(client: Client) -> None:
    letter = {"text": "x" * (2 * BIG_BODY_BYTES)}
    async with client.post("/large", json=letter) as answer:
        assert await answer.json() == 2 * BIG_BODY_BYTES


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/jsonp"},
        {"Content-Type": "application/json; charset=utf-16"},
        {**JSON, "Content-Encoding": "gzip"},
        {**JSON, "Content-Encoding": "deflate"},
        {**JSON, "Content-Encoding": "br"},
    ],
)
async def test_only_plain_json_is_taken(client: Client, headers: dict[str, str]) -> None:
    assert await code_of(client, b"junk", headers) == (415, "unsupported_media_type")


async def test_a_body_that_says_it_is_too_large_is_not_read(client: Client) -> None:
    assert await code_of(client, b"x" * 1001, JSON) == (413, "too_large")


async def test_a_body_that_turns_out_too_large_is_not_read_to_its_end(client: Client) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * 100

    async with client.post("/small", data=endless(), headers=JSON) as answer:
        assert answer.status == 413
        assert answer.headers["Connection"] == "close"


async def test_a_body_that_does_not_come_is_given_up(client: Client) -> None:
    answered = asyncio.Event()

    async def stuck() -> AsyncIterator[bytes]:
        yield b"{"
        await answered.wait()

    async with client.post("/small", data=stuck(), headers=JSON) as answer:
        assert answer.status == 408
        assert answer.headers["Connection"] == "close"
        assert (await answer.json())["error"]["code"] == "request_timeout"
        answered.set()


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", (400, "invalid_json")),
        (b"{", (400, "invalid_json")),
        (b'{"text": "a", "text": "b"}', (400, "invalid_json")),
        (b"{}", (422, "invalid_request")),
        (b"[]", (422, "invalid_request")),
        (b"null", (422, "invalid_request")),
        (b'{"text": null}', (422, "invalid_request")),
        (b'{"text": "a", "more": 1}', (422, "invalid_request")),
    ],
)
async def test_a_bad_body_is_told_what_is_wrong(
    client: Client, data: bytes, expected: tuple[int, str]
) -> None:
    assert await code_of(client, data, JSON) == expected


async def test_a_body_whose_framing_breaks_is_refused(client: Client) -> None:
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = f"POST /small HTTP/1.1\r\nHost: {client.host}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
    await writer.drain()
    writer.write(b"zz\r\n")
    assert b" 400 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_the_id_of_an_address_is_a_number(client: Client) -> None:
    async with client.get("/numbered/17") as answer:
        assert await answer.json() == 17


async def test_any_json_is_a_value(client: Client) -> None:
    async with client.post("/anything", data=b'[1, {"a": null}]', headers=JSON) as answer:
        assert await answer.json() == [1, {"a": None}]
    async with client.post("/anything", data=b" " * 101, headers=JSON) as answer:
        assert answer.status == 413


async def test_numbers_of_a_query_are_numbers_and_unknown_names_are_named(client: Client) -> None:
    async with client.get("/asked?count=3") as answer:
        assert await answer.json() == 3
    for query in ("count=x", "", "count=1&other=2"):
        async with client.get(f"/asked?{query}") as answer:
            assert answer.status == 422
