"""Upstreams that say what no cassette says: heads that are none, TLS that is not, odd framing."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import pytest

from support.relay import RelayService, text_of
from support.tcp import tcp_server
from tls import make_certificate

OK: Final = b"HTTP/1.1 200 OK\r\n"
TYPE: Final = b"Content-Type: text/event-stream\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
TEXT: Final = b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n'
STOP: Final = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
WHOLE: Final = TEXT + STOP
INVALID: Final = b'data: {"choices":[{"delta":{"content":"hel\xfflo"}}]}\n\n'
MULTI: Final = b'data: {"choices":\ndata: [{"delta":{"content":"hello"}}]}\n\n'
DEADLINES: Final = {"connect": 0.5, "response_head": 5, "first_event": 5, "next_event": 5}


class Case(NamedTuple):
    """All bytes that the upstream says before it closes, and how the stream ends."""

    said: bytes
    code: str = "done"
    cause: str = ""
    text: str = "hello"


def measured(*headers: bytes, body: bytes = WHOLE) -> bytes:
    length = b"Content-Length: %d\r\n" % len(body)
    return OK + TYPE + length + b"".join(headers) + b"\r\n" + body


def chunks(*pieces: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    framed = b"".join(b"%x%s\r\n%s\r\n" % (len(piece), extension, piece) for piece in pieces)
    return OK + TYPE + CHUNKED + b"\r\n" + framed + b"0\r\n" + trailer + b"\r\n"


def protocol(said: bytes) -> Case:
    return Case(said, "upstream_protocol", "protocol", "")


def bad_status(said: bytes) -> Case:
    return Case(said, "upstream_protocol", "bad_status", "")


CASES: dict[str, Case] = {
    "HTTP/0.9": protocol(WHOLE),
    "the preface of HTTP/2": protocol(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00"),
    "a TLS alert": protocol(b"\x15\x03\x01\x00\x02\x02\x28"),
    "a header of 20 KB": protocol(measured(b"X: %b\r\n" % (b"x" * 20_000))),
    "a reason of 20 KB": protocol(
        b"HTTP/1.1 200 %b\r\n" % (b"x" * 20_000) + TYPE + b"\r\n" + WHOLE
    ),
    "a null character in a header": protocol(measured(b"X: a\0b\r\n")),
    "two kinds of length": protocol(measured(CHUNKED)),
    "two lengths": protocol(measured(b"Content-Length: 5\r\n")),
    "switching protocols": protocol(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"),
    "no content to show": bad_status(b"HTTP/1.1 205 Reset Content\r\n" + TYPE + b"\r\n" + WHOLE),
    "500 interim heads": Case(b"HTTP/1.1 100 Continue\r\n\r\n" * 500 + measured()),
    "2000 interim heads": protocol(b"HTTP/1.1 100 Continue\r\n\r\n" * 2000 + measured()),
    "chunk extensions and trailers": Case(
        chunks(TEXT, STOP, extension=b";a=b", trailer=b"X-Trailer: x\r\n")
    ),
    "cookies and redirects beside the answer": Case(
        measured(b"Set-Cookie: evil=1\r\n", b"Location: /elsewhere\r\n", b"X-Evil: 1\r\n")
    ),
    "bytes behind the body": Case(measured() + b"HTTP/1.1 200 OK\r\n\r\nmore"),
    "bytes behind the end": Case(chunks(WHOLE, TEXT * 100)),
    "less than its length says": Case(
        measured(body=TEXT + b" " * 100)[:-50], "upstream_truncated", "truncated"
    ),
    "text that is not UTF-8": Case(measured(body=INVALID + STOP), text="hel\ufffdlo"),
    "data of two lines": Case(measured(body=MULTI + STOP)),
}


@asynccontextmanager
async def upstream(said: bytes, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """Run a server that answers every request with *said*; yields its port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(said)
        await writer.drain()

    async with tcp_server(answer, tls=tls) as port:
        yield port


@pytest.mark.parametrize("name", CASES)
async def test_what_an_upstream_says_ends_as_documented(relay: RelayService, name: str) -> None:
    case = CASES[name]
    async with upstream(case.said) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name=f"says {name}"[:64],
            host="127.0.0.1",
            port=port,
            model_path="m",
            deadlines=DEADLINES,
        )
        events = await relay.chat(session, profile_id)
    last = events[-1]
    assert (last.get("code", "done"), last.get("detail", "")) == (case.code, case.cause)
    assert text_of(events, "response") == case.text


async def test_no_header_of_an_upstream_reaches_the_client(relay: RelayService) -> None:
    said = CASES["cookies and redirects beside the answer"].said
    async with upstream(said) as port, relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="copies", host="127.0.0.1", port=port, model_path="m"
        )
        request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
        async with session.post("/api/chat/completions", json=request) as answer:
            assert answer.status == 200
            assert not {"Set-Cookie", "Location", "X-Evil"} & set(answer.headers)


async def test_a_certificate_that_nobody_vouches_for_is_not_taken(
    relay: RelayService, tmp_path: Path
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(make_certificate(tmp_path))
    async with upstream(measured(), context) as port:
        assert await end_over_tls(relay, "self-signed", port) == ("upstream_unreachable", "tls")


async def test_a_handshake_that_is_never_answered_runs_into_the_deadline(
    relay: RelayService,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody_accepts:
        port = nobody_accepts.getsockname()[1]
        end = await end_over_tls(relay, "no handshake", port)
    assert end == ("upstream_unreachable", "connect_timeout")


async def end_over_tls(relay: RelayService, name: str, port: int) -> tuple[str, str]:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session,
            name=name,
            scheme="https",
            host="127.0.0.1",
            port=port,
            model_path="m",
            deadlines=DEADLINES,
        )
        last = (await relay.chat(session, profile_id))[-1]
        return last["code"], last["detail"]
