"""The border to the HTTP client: every way an upstream can fail, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Deadlines, Profile, Reachability
from mlx_relay.upstream import AddressPolicy, Head, Upstream
from mlx_relay.upstream.breaker import FAILURES_TO_OPEN, FIRST_RETRY_SECONDS
from support.tcp import Talk, tcp_server
from support.values import Clock

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


class Keeper:
    """A receiver that keeps what it gets, and can be waited for."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.failure: StreamError | None = None
        self.ended = False
        self.arrived = asyncio.Event()

    def data(self, data: bytes, at: float) -> None:
        self.body += data
        self.arrived.set()

    def end(self, failure: StreamError | None) -> None:
        self.failure = failure
        self.ended = True


@asynccontextmanager
async def server(reply: Talk, port: int = 0) -> AsyncIterator[int]:
    """Serve *reply* to whoever comes, after reading a request head; yields the port."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await reply(reader, writer)

    async with tcp_server(handle, port) as bound:
        yield bound


def sends(*pieces: bytes) -> Talk:
    async def reply(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()

    return reply


async def hangs(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    while await reader.read(65536):
        pass


async def resets(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def profile(port: int, **deadlines: float) -> Profile:
    return Profile(
        id=1,
        name="p",
        host="127.0.0.1",
        port=port,
        model_path="m",
        deadlines=Deadlines(**deadlines),
    )


async def ask(port: int, **deadlines: float) -> Keeper:
    keeper = Keeper()
    async with await Upstream(AddressPolicy()).open(profile(port, **deadlines), b"{}") as exchange:
        await exchange.pump(keeper)
    return keeper


async def failure_of(reply: Talk, **deadlines: float) -> tuple[str, str]:
    async with server(reply) as port:
        with pytest.raises(StreamError) as raised:
            await ask(port, **deadlines)
    return raised.value.code, raised.value.cause


def status(line: str, *headers: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {line}", *headers, "Content-Length: 0", "", ""]).encode()


@pytest.mark.parametrize(
    ("reply", "failure"),
    [
        (sends(), ("upstream_unreachable", "closed")),
        (sends(b"HTTP/1.1 200 OK\r\nContent-"), ("upstream_unreachable", "closed")),
        (resets, ("upstream_unreachable", "closed")),
        (sends(b"SSH-2.0-OpenSSH\r\n"), ("upstream_protocol", "protocol")),
        (
            sends(b"HTTP/1.1 200 OK\r\nA: " + b"a" * 20_000 + b"\r\n\r\n"),
            ("upstream_protocol", "protocol"),
        ),
        (sends(status("204 No Content")), ("upstream_protocol", "bad_status")),
        (
            sends(status("302 Found", "Location: http://127.0.0.1:1/")),
            ("upstream_protocol", "redirect"),
        ),
        (sends(status("400 Bad Request")), ("upstream_rejected", "4xx")),
        (sends(status("404 Not Found")), ("upstream_rejected", "4xx")),
        (sends(status("401 Unauthorized")), ("upstream_rejected", "auth")),
        (sends(status("429 Too Many Requests")), ("upstream_busy", "429")),
        (sends(status("500 Oops")), ("upstream_error", "5xx")),
        (sends(status("503 Loading")), ("upstream_error", "5xx")),
        (sends(status("599 No Cassette")), ("upstream_error", "5xx")),
        (sends(status("200 OK", "Content-Type: text/html")), ("upstream_protocol", "content_type")),
        (sends(status("200 OK")), ("upstream_protocol", "content_type")),
        (
            sends(HEAD + b"Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
            ("upstream_protocol", "encoding"),
        ),
    ],
)
async def test_an_answer_that_is_no_chat_stream_fails_with_its_code_and_cause(
    reply: Talk, failure: tuple[str, str]
) -> None:
    assert await failure_of(reply) == failure


async def test_the_upstreams_status_goes_into_the_failure() -> None:
    async with server(sends(status("418 Teapot"))) as port:
        with pytest.raises(StreamError) as raised:
            await ask(port)
    assert raised.value.upstream_status == 418


async def test_nobody_listens() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(StreamError) as raised:
            await ask(bound.getsockname()[1])
    assert (raised.value.code, raised.value.cause) == ("upstream_unreachable", "refused")


async def test_a_head_that_never_comes_runs_into_the_deadline_of_the_profile() -> None:
    assert await failure_of(hangs, response_head=0.05) == ("upstream_timeout", "header_timeout")


async def test_a_redirect_is_not_followed() -> None:
    followed = asyncio.Event()

    async def target(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        followed.set()

    async with server(target) as other:
        where = f"Location: http://127.0.0.1:{other}/"
        await failure_of(sends(status("307 Temporary Redirect", where)))
    assert not followed.is_set()


@pytest.mark.parametrize(
    "body",
    [
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 5\r\n\r\nhello",
        b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\nhello",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        HEAD + b"Content-Length: 50\r\n\r\nhello",
    ],
    ids=["chunked", "length", "close", "chunked-cut", "length-cut"],
)
async def test_what_arrived_is_delivered_however_the_body_ends(body: bytes) -> None:
    async with server(sends(body)) as port:
        keeper = await ask(port)
    assert keeper.body == b"hello"
    assert keeper.ended
    assert keeper.failure is None


async def test_a_json_answer_becomes_the_one_message_of_a_stream() -> None:
    answer = b'{"choices":\r\n[]}'
    head = status("200 OK", "Content-Type: application/json").replace(b": 0", b": %d" % len(answer))
    async with server(sends(head + answer)) as port:
        keeper = await ask(port)
    assert keeper.body == b'data: {"choices":[]}\n\ndata: [DONE]\n\n'


async def test_a_json_answer_without_end_breaks_the_limit() -> None:
    head = b"HTTP/1.0 200 OK\r\nContent-Type: application/json\r\n\r\n"
    async with server(sends(head, *[b"[" * 65536] * 20)) as port:
        keeper = await ask(port)
    assert keeper.failure is not None
    assert keeper.failure.code == "limit_exceeded"


async def test_a_paused_exchange_reads_no_more_until_it_is_resumed() -> None:
    piece = b"x" * 65536
    sent = 0

    async def reply(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        for _ in range(400):
            writer.write(piece)
            await writer.drain()
            sent += len(piece)

    class Pauses(Keeper):
        def data(self, data: bytes, at: float) -> None:
            super().data(data, at)
            if len(self.body) == len(data):
                exchange.pause()

    keeper = Pauses()
    async with (
        server(reply) as port,
        await Upstream(AddressPolicy()).open(profile(port), b"{}") as exchange,
        asyncio.TaskGroup() as group,
    ):
        group.create_task(exchange.pump(keeper))
        await keeper.arrived.wait()
        first = len(keeper.body)
        for _ in range(100):
            await asyncio.sleep(0)
        assert exchange.is_paused
        assert len(keeper.body) == first
        exchange.resume()
    assert len(keeper.body) == sent == 400 * len(piece)


async def test_a_large_body_goes_out_whole_with_its_length() -> None:
    body = b'{"image":"' + b"A" * 3_000_000 + b'"}'
    arrived: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        arrived.append(await reader.readuntil(b"\r\n\r\n"))
        arrived.append(await reader.readexactly(len(body)))
        writer.write(HEAD + b"Content-Length: 0\r\n\r\n")

    async with (
        tcp_server(handle) as port,
        await Upstream(AddressPolicy()).open(profile(port), body) as exchange,
    ):
        await exchange.pump(Keeper())
    assert b"content-length: %d\r\n" % len(body) in arrived[0].lower()
    assert arrived[1] == body


async def test_the_request_is_what_an_mlx_server_wants() -> None:
    heads: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        heads.append(await reader.readexactly(len(b'{"a":1}')))
        writer.write(HEAD + b"Content-Length: 0\r\n\r\n")

    async with tcp_server(handle) as port:
        keyed = Profile(id=1, name="p", host="127.0.0.1", port=port, model_path="m", api_key="k")
        async with await Upstream(AddressPolicy()).open(keyed, b'{"a":1}') as exchange:
            await exchange.pump(Keeper())
    head = heads[0].lower()
    assert head.startswith(b"post /v1/chat/completions http/1.1\r\n")
    assert b"\r\ncontent-length: 7\r\n" in head
    assert b"\r\ncontent-type: application/json\r\n" in head
    assert b"\r\naccept-encoding: identity\r\n" in head
    assert b"\r\nauthorization: bearer k\r\n" in head
    assert b"transfer-encoding" not in head
    assert b"cookie" not in head
    assert heads[1] == b'{"a":1}'


async def test_the_reachability_is_what_the_last_exchange_showed() -> None:
    upstream = Upstream(AddressPolicy())
    assert upstream.reachability(1) == Reachability("unknown")
    answer = HEAD + b"Content-Length: 0\r\n\r\n"
    async with server(sends(answer)) as port, await upstream.open(profile(port), b"{}"):
        assert upstream.reachability(1) == Reachability("up")
    with pytest.raises(StreamError):
        await upstream.open(profile(port), b"{}")
    assert upstream.reachability(1) == Reachability("down", "refused")


async def causes_of(upstream: Upstream, port: int, *, tries: int) -> list[str]:
    causes = []
    for _ in range(tries):
        with pytest.raises(StreamError) as raised:
            await upstream.open(profile(port), b"{}")
        causes.append(raised.value.cause)
    return causes


async def test_a_dead_server_is_left_alone_until_a_moment_and_then_tried_once() -> None:
    clock, heads = Clock(), 0

    async def reply(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        nonlocal heads
        heads += 1

    upstream = Upstream(AddressPolicy(), clock)
    async with server(reply) as port:
        dead = ["closed"] * FAILURES_TO_OPEN
        assert await causes_of(upstream, port, tries=5) == [*dead, *["breaker_open"] * 2]
        assert heads == FAILURES_TO_OPEN
        assert upstream.reachability(1).cause == "closed"
        assert upstream.reachability(1).retry_at is not None
        clock.now += FIRST_RETRY_SECONDS
        assert await causes_of(upstream, port, tries=3) == ["closed", *["breaker_open"] * 2]
        assert heads == FAILURES_TO_OPEN + 1


async def test_a_dead_server_that_an_admin_finds_alive_is_asked_again() -> None:
    upstream = Upstream(AddressPolicy(), Clock())
    async with server(sends()) as port:
        await causes_of(upstream, port, tries=FAILURES_TO_OPEN)
    answer = b'{"data":[]}'
    head = status("200 OK", "Content-Type: application/json").replace(b": 0", b": %d" % len(answer))
    async with server(sends(head + answer), port):
        assert (await upstream.test(profile(port))).ok
        assert upstream.reachability(1) == Reachability("up")
        async with await upstream.open(profile(port), b"{}"):
            pass


async def test_a_server_that_answers_nonsense_is_not_dead() -> None:
    upstream = Upstream(AddressPolicy(), Clock())
    async with server(sends(status("500 Oops"))) as port:
        assert await causes_of(upstream, port, tries=9) == ["5xx"] * 9
    async with server(sends(b"SSH-2.0-OpenSSH\r\n")) as port:
        assert await causes_of(upstream, port, tries=9) == ["protocol"] * 9
    assert upstream.reachability(1) == Reachability("up")


async def test_the_test_of_a_profile_names_the_models_or_says_what_is_wrong() -> None:
    answer = b'{"data":[{"id":"a"},{"id":"b"},{"id":3}]}'
    head = status("200 OK", "Content-Type: application/json").replace(b": 0", b": %d" % len(answer))
    upstream = Upstream(AddressPolicy())
    async with server(sends(head + answer)) as port:
        tested = await upstream.test(profile(port))
        assert (tested.ok, tested.models) == (True, ["a", "b"])
    refused = await upstream.test(profile(port))
    assert (refused.ok, refused.code) == (False, "upstream_unreachable")
    async with server(sends(status("401 Unauthorized"))) as port:
        assert (await upstream.test(profile(port))).code == "upstream_rejected"


async def test_the_head_is_told_also_when_it_is_refused() -> None:
    heads: list[Head] = []
    async with server(sends(status("503 Busy", "Server: mlx"))) as port:
        with pytest.raises(StreamError):
            await Upstream(AddressPolicy()).open(profile(port), b"{}", heads.append)
    assert [(head.status, head.headers["server"]) for head in heads] == [(503, "mlx")]
