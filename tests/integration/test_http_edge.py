"""Malformed, ambiguous and misdirected requests, byte by byte, against the real service.

Each is sent on a connection of its own. None may reach a handler but those that are listed as
harmless, each refusal closes its connection, and the next connection works.
"""

import psutil
import pytest

from support.raw_http import Answer, answer_of, exchange
from support.relay import RelayService

ROUNDS = 1000
MAX_GROWTH_BYTES = 16 * 1024 * 1024

HOST = b"Host: localhost\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
EMPTY_CHUNKS = b"0\r\n\r\n"


def get(*headers: bytes, target: bytes = b"/healthz", version: bytes = b"HTTP/1.1") -> bytes:
    return b"GET %s %s\r\n%s\r\n" % (target, version, b"".join(headers))


def post(*headers: bytes, body: bytes = b"") -> bytes:
    return b"POST /healthz HTTP/1.1\r\n%s%s\r\n%s" % (HOST, b"".join(headers), body)


def many(count: int, size: int) -> bytes:
    return b"".join(b"X-%d: %s\r\n" % (number, b"x" * size) for number in range(count))


REFUSED: dict[str, tuple[bytes, int]] = {
    # Where a body ends
    "two lengths, both kinds": (post(b"Content-Length: 5\r\n", CHUNKED, body=EMPTY_CHUNKS), 400),
    "coding before chunked": (
        post(b"Transfer-Encoding: gzip, chunked\r\n", body=EMPTY_CHUNKS),
        501,
    ),
    "unknown coding alone": (post(b"Transfer-Encoding: gzip\r\n"), 400),
    "identity coding": (post(b"Transfer-Encoding: identity\r\n"), 400),
    "coding that looks like chunked": (post(b"Transfer-Encoding: xchunked\r\n"), 400),
    "coding behind a control character": (post(b"Transfer-Encoding: \x0bchunked\r\n"), 400),
    "space before the colon": (post(b"Transfer-Encoding : chunked\r\n", body=EMPTY_CHUNKS), 400),
    "chunked twice": (post(CHUNKED, CHUNKED, body=EMPTY_CHUNKS), 400),
    "chunked twice in one line": (post(b"Transfer-Encoding: chunked, chunked\r\n"), 400),
    "chunked in HTTP/1.0": (get(HOST, CHUNKED, version=b"HTTP/1.0") + EMPTY_CHUNKS, 400),
    "two equal lengths": (post(b"Content-Length: 2\r\n" * 2, body=b"ab"), 400),
    "a list of lengths": (post(b"Content-Length: 2, 2\r\n", body=b"ab"), 400),
    "a length with a sign": (post(b"Content-Length: +2\r\n", body=b"ab"), 400),
    "a negative length": (post(b"Content-Length: -2\r\n", body=b"ab"), 400),
    "a hexadecimal length": (post(b"Content-Length: 0x2\r\n", body=b"ab"), 400),
    "a length that overflows": (post(b"Content-Length: %s\r\n" % (b"9" * 30)), 400),
    "a chunk size that overflows": (post(CHUNKED, body=b"f" * 17 + b"\r\n"), 400),
    "a negative chunk size": (post(CHUNKED, body=b"-2\r\nab\r\n0\r\n\r\n"), 400),
    "a chunk size with a prefix": (post(CHUNKED, body=b"0x2\r\nab\r\n0\r\n\r\n"), 400),
    "chunks with bare line feeds": (post(CHUNKED, body=b"2\nab\n0\n\n"), 400),
    # Lines and headers
    "bare line feeds": (b"GET /healthz HTTP/1.1\nHost: localhost\n\n", 400),
    "a bare carriage return": (get(HOST, b"X: a\rb\r\n"), 400),
    "a folded header": (get(HOST, b"X: a\r\n b\r\n"), 400),
    "a null character": (get(HOST, b"X: a\0b\r\n"), 400),
    "a header without a colon": (get(HOST, b"foo\r\n"), 400),
    "a header without a name": (get(HOST, b": foo\r\n"), 400),
    "a space before the first header": (get(b" " + HOST), 400),
    "too many headers": (get(HOST, many(200, 1)), 400),
    "too many trailers": (post(CHUNKED, body=b"0\r\n" + many(200, 1) + b"\r\n"), 400),
    "a header that is too long": (get(HOST, many(1, 10_000)), 431),
    "headers that are too long together": (get(HOST, many(5, 8000)), 431),
    "a target that is too long": (get(HOST, target=b"/" + b"x" * 10_000), 431),
    "a target that is not ASCII": (get(HOST, target=b"/\xff"), 400),
    "a target without a slash": (get(HOST, target=b"healthz"), 400),
    "a method in lower case": (b"get /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "an unknown method": (b"FOO /healthz HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    # Versions and other protocols
    "HTTP/2.0 in the line": (get(HOST, version=b"HTTP/2.0"), 505),
    "HTTP/1.2": (get(HOST, version=b"HTTP/1.2"), 400),
    "HTTP/0.9": (b"GET /healthz\r\n\r\n", 505),
    "HTTP/0.9 in the line": (get(version=b"HTTP/0.9"), 505),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a TLS hello": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"a" * 500, 400),
    "no protocol at all": (b"\x00\xff\xfe\r\n\r\n", 400),
    # Methods and targets that are not about a resource
    "OPTIONS *": (b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    "CONNECT": (b"CONNECT evil.example:443 HTTP/1.1\r\n" + HOST + b"\r\n", 501),
    # To whom
    "no host": (get(), 400),
    "two hosts": (get(HOST, b"Host: evil.example\r\n"), 400),
    "the same host twice": (get(HOST, HOST), 400),
    "an empty host": (get(b"Host:\r\n"), 421),
    "another host": (get(b"Host: evil.example\r\n"), 421),
    "another host that begins like ours": (get(b"Host: localhost.evil.example\r\n"), 421),
    "a host that is a path": (get(b"Host: localhost/../b?x\r\n"), 421),
    "a host with a user": (get(b"Host: localhost@evil.example\r\n"), 421),
    "two hosts in one line": (get(b"Host: localhost, evil.example\r\n"), 421),
    "a host that is not ASCII": (get(b"Host: \xff\xe9\r\n"), 421),
    "a port that is none": (get(b"Host: localhost:http\r\n"), 421),
    "another host in the target": (get(HOST, target=b"http://evil.example/healthz"), 421),
    "another host behind a user": (get(HOST, target=b"http://localhost@evil.example/healthz"), 421),
    "our host in the target, not in the header": (
        get(b"Host: evil.example\r\n", target=b"http://localhost/healthz"),
        421,
    ),
}

CLOSE = b"Connection: close\r\n"
HARMLESS: dict[str, tuple[bytes, int]] = {
    "a plain request": (get(HOST, CLOSE), 200),
    "an address for a host": (get(b"Host: [::1]:8080\r\n", CLOSE), 200),
    "HTTP/1.0 without a host": (get(version=b"HTTP/1.0"), 200),
    "our own URL in the target": (get(HOST, CLOSE, target=b"http://localhost/healthz"), 200),
    "a target that begins with two slashes": (get(HOST, CLOSE, target=b"//localhost/healthz"), 404),
    "line ends before the request": (b"\r\n\r\n" + get(HOST, CLOSE), 200),
    "chunked in capitals": (
        post(b"Transfer-Encoding: CHUNKED\r\n", CLOSE, body=EMPTY_CHUNKS),
        405,
    ),
    "a chunk with an extension of 20 KB": (
        post(CHUNKED, CLOSE, body=b"2;a=" + b"x" * 20_000 + b"\r\nab\r\n0\r\n\r\n"),
        405,
    ),
    "an upgrade": (get(HOST, b"Connection: Upgrade, close\r\nUpgrade: h2c\r\n"), 200),
    "TRACE": (b"TRACE /healthz HTTP/1.1\r\n" + HOST + CLOSE + b"\r\n", 405),
}


async def send(relay: RelayService, data: bytes) -> Answer:
    return answer_of(await exchange(relay.service.port, data))


@pytest.mark.parametrize("kind", REFUSED)
async def test_an_ambiguous_request_is_refused_and_its_connection_closed(
    relay: RelayService, kind: str
) -> None:
    data, status = REFUSED[kind]
    answer = await send(relay, data)
    assert answer.status == status
    assert answer.code, "the answer is not one of ours"
    assert answer.headers["server"] == "mlx-relay"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_request_smuggled_in_behind_it_is_not_answered(
    relay: RelayService, kind: str
) -> None:
    follower = get(HOST, CLOSE)
    received = await exchange(relay.service.port, REFUSED[kind][0] + follower)
    assert received.count(b"HTTP/") == 1
    assert answer_of(received).status >= 400
    assert (await send(relay, follower)).status == 200


@pytest.mark.parametrize("kind", HARMLESS)
async def test_an_odd_request_that_all_servers_read_alike_is_served(
    relay: RelayService, kind: str
) -> None:
    data, status = HARMLESS[kind]
    assert (await send(relay, data)).status == status


async def test_requests_that_come_at_once_are_answered_in_turn(relay: RelayService) -> None:
    received = await exchange(relay.service.port, get(HOST) * 500 + get(HOST, CLOSE))
    assert received.count(b"HTTP/1.1 200 OK") == 501


@pytest.mark.nightly
async def test_bad_requests_leave_no_memory_behind(relay: RelayService) -> None:
    process = psutil.Process(relay.service.process.pid)
    for data, _ in REFUSED.values():
        await exchange(relay.service.port, data)
    before = process.memory_info().rss
    for _ in range(ROUNDS):
        for data, _ in REFUSED.values():
            await exchange(relay.service.port, data)
    assert process.memory_info().rss - before <= MAX_GROWTH_BYTES
