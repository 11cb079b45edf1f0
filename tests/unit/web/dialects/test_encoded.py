"""The client's sink that speaks a dialect: what it writes, and when it is full."""

import asyncio
from typing import cast

import pytest

from mlx_relay.events import Event, Response, ThinkingDone
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.sse import HIGH_WATER_BYTES
from mlx_relay.web.dialects.encoded import EncodedSink


class FakeTransport:
    """Keeps what is written."""

    def __init__(self) -> None:
        self.backlog = 0
        self.written: list[bytes] = []
        self.is_gone = False

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def is_closing(self) -> bool:
        return self.is_gone


class FakeConnection:
    def __init__(self) -> None:
        self.fake = FakeTransport()
        self.transport: asyncio.Transport | None = cast("asyncio.Transport", self.fake)

    async def drain(self) -> None:
        self.fake.backlog = 0


def say(event: Event) -> bytes:
    return event.content.encode() + b"\n\n" if isinstance(event, Response) else b""


def sink(connection: FakeConnection, *, chunked: bool = True) -> EncodedSink:
    return EncodedSink(connection, connection.drain, say, is_chunked=chunked)


async def test_a_batch_is_one_transfer_chunk_in_the_dialects_words() -> None:
    connection = FakeConnection()
    sink(connection).send([Response("a"), ThinkingDone(1.0), Response("b")])
    assert connection.fake.written == [b"6\r\na\n\nb\n\n\r\n"]


async def test_in_http_1_0_there_are_no_transfer_chunks() -> None:
    connection = FakeConnection()
    sink(connection, chunked=False).send([Response("a")])
    assert connection.fake.written == [b"a\n\n"]


async def test_a_batch_that_the_dialect_has_no_word_for_does_not_end_the_body() -> None:
    connection = FakeConnection()
    sink(connection).send([ThinkingDone(1.0)])
    assert connection.fake.written == []


async def test_it_is_full_while_the_connection_takes_no_more() -> None:
    connection = FakeConnection()
    client = sink(connection)
    connection.fake.backlog = HIGH_WATER_BYTES + 1
    client.send([Response("a")])
    assert client.is_full
    await client.close(Outcome(kind="done", seconds=1.0))
    await client.drain()
    assert not client.is_full


async def test_a_client_that_is_gone_gets_nothing_and_is_full() -> None:
    connection = FakeConnection()
    client = sink(connection)
    connection.fake.is_gone = True
    client.send([Response("a")])
    assert (client.is_full, connection.fake.written) == (True, [])
    with pytest.raises(ConnectionError):
        await client.drain()
