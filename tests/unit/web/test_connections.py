"""What the parser gives up on is answered as everything else, and quotes nothing."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from structlog.testing import capture_logs

from mlx_relay.web.answers import empty_answer
from mlx_relay.web.body import read_json
from mlx_relay.web.connections import ConnectionRunner
from mlx_relay.web.errors import setup_errors
from support.raw_http import exchange

SECRET = "correct-horse"
MUCH = bytes(16 * 1024 * 1024)


async def answer(request: web.Request) -> web.Response:
    del request
    return empty_answer()


async def read(request: web.Request) -> web.Response:
    await read_json(request, limit=100, seconds=0.05)
    return empty_answer()


async def fail(request: web.Request) -> web.Response:
    raise ValueError(SECRET)


async def fail_late(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"half")
    raise ValueError(SECRET)


async def answer_too_late(request: web.Request) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    response = web.StreamResponse()
    await response.prepare(request)
    return response


async def say_much(request: web.Request) -> web.StreamResponse:
    """Answer with more than the kernel takes for a client that does not read."""
    response = web.StreamResponse()
    response.force_close()
    await response.prepare(request)
    assert request.transport
    request.transport.write(MUCH)
    return response


@asynccontextmanager
async def serving(head_seconds: float = 60.0, *, with_errors: bool = True) -> AsyncIterator[int]:
    """Yield the port of an application on connections of ours."""
    app = web.Application()
    if with_errors:
        setup_errors(app)
    app.router.add_get("/", answer)
    app.router.add_post("/read", read)
    app.router.add_get("/fail", fail)
    app.router.add_get("/late", fail_late)
    app.router.add_get("/too-late", answer_too_late)
    runner = ConnectionRunner(app, shutdown_timeout=1, head_seconds=head_seconds)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (f"GET / HTTP/1.1\r\nAuthorization: Bearer {SECRET}\0\r\n\r\n", 400, "bad_request"),
        (f"{SECRET}\r\n\r\n", 400, "bad_request"),
        (f"GET / HTTP/1.1\r\nHost: {SECRET}\r\nHost: b\r\n\r\n", 400, "bad_request"),
        (f"GET / HTTP/1.1\r\nHost: a\r\nX: {SECRET}{'x' * 9000}\r\n\r\n", 431, "head_too_large"),
    ],
)
async def test_the_parsers_refusals_look_like_ours_and_quote_nothing(
    data: str, status: int, code: str
) -> None:
    with capture_logs() as records:
        async with serving() as port:
            received = (await exchange(port, data.encode())).decode()
    head, _, body = received.partition("\r\n\r\n")
    assert head.split()[1] == str(status)
    assert json.loads(body)["error"]["code"] == code
    assert "Server: mlx-relay" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert [record["event"] for record in records] == ["request_broken"]
    assert SECRET not in received + str(records)


async def test_a_bug_outside_of_our_concerns_quotes_nothing_either() -> None:
    with capture_logs() as records:
        async with serving(with_errors=False) as port:
            received = await exchange(port, b"GET /fail HTTP/1.1\r\nHost: a\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b'"internal"' in received
    assert [record["error"] for record in records] == ["ValueError"]
    assert SECRET not in received.decode() + str(records)


async def test_after_the_first_byte_the_connection_ends_and_no_second_answer_comes() -> None:
    with capture_logs():
        async with serving() as port:
            received = await exchange(port, b"GET /late HTTP/1.1\r\nHost: a\r\n\r\n")
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b"half\r\n")


async def test_a_client_that_left_before_the_head_is_no_failure_of_ours() -> None:
    with capture_logs() as records:
        async with serving() as port:
            with contextlib.suppress(ConnectionError):
                await exchange(port, b"GET /too-late HTTP/1.1\r\nHost: a\r\n\r\n")
    assert [(record["event"], record["status"]) for record in records] == [("request_broken", 499)]


@pytest.mark.parametrize(
    "data",
    [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a\r\nX: ", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"],
)
async def test_who_does_not_send_a_head_in_time_is_cut_off(data: bytes) -> None:
    async with serving(head_seconds=0.05) as port:
        received = await exchange(port, data)
    assert received.startswith(b"HTTP/1.1 204") or received == b""


async def test_who_sends_a_head_drop_by_drop_is_cut_off_all_the_same() -> None:
    async with serving(head_seconds=0.2) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        async with asyncio.TaskGroup() as group:
            dripping = group.create_task(_drip(writer))
            assert await _read_to_the_end(reader) == b""
            dripping.cancel()
        writer.close()


async def test_the_compiled_parser_does_not_unpack_bodies() -> None:
    head = (
        b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nConnection: close\r\n"
    )
    async with serving() as port:
        packed = head + b"Content-Encoding: deflate\r\nContent-Length: 4\r\n\r\njunk"
        assert b" 415 " in await exchange(port, packed)


async def test_who_does_not_send_a_body_in_time_is_told_so_and_cut_off() -> None:
    head = b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    async with serving() as port:
        for framing in (b"Content-Length: 9\r\n\r\n{", b"Transfer-Encoding: chunked\r\n\r\n9\r\n{"):
            assert b" 408 " in await exchange(port, head + framing)


async def _drip(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX: ")
    while True:
        writer.write(b"x")
        await asyncio.sleep(0.01)


async def _read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read()
    except ConnectionResetError:
        return b""


async def test_a_client_has_time_to_take_what_was_said_at_last() -> None:
    app = web.Application()
    app.router.add_get("/much", say_much)
    runner = ConnectionRunner(app, shutdown_timeout=30)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection("127.0.0.1", runner.addresses[0][1])
    writer.write(b"GET /much HTTP/1.0\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    async with asyncio.TaskGroup() as group:
        ending = group.create_task(runner.cleanup())
        assert not (await asyncio.wait([ending], timeout=0.1))[0]
        assert await reader.read() == MUCH
    writer.close()
