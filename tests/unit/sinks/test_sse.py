"""The client's sink: what it writes, when it is full, and when it drops a client."""

import asyncio
from typing import Any, cast

import pytest

from mlx_relay.events import Done, Response, Start
from mlx_relay.pipeline.sse import Decoder
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.sse import HIGH_WATER_BYTES, SseSink


class FakeTransport:
    """Keeps what is written; what waits for the client is what a test says."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.backlog = 0
        self.aborted = asyncio.Event()

    def write(self, data: bytes) -> None:
        self.written.append(data)

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def is_closing(self) -> bool:
        return self.aborted.is_set()

    def abort(self) -> None:
        self.aborted.set()


class FakeConnection:
    """A connection that lives until a test takes its transport away."""

    def __init__(self) -> None:
        self.fake = FakeTransport()
        self.transport: asyncio.Transport | None = cast("asyncio.Transport", self.fake)
        self.free = asyncio.Event()

    async def drain(self) -> None:
        await self.free.wait()


def sink(connection: FakeConnection, *, chunked: bool = False, stall: float = 30) -> SseSink:
    return SseSink(connection, connection.drain, is_chunked=chunked, stall_seconds=stall)


async def test_a_batch_is_one_write_of_numbered_events() -> None:
    connection = FakeConnection()
    client = sink(connection)
    client.send([Start("s", "p", "m"), Response("a\u2028\nb")])
    client.send([Done("stop")])
    assert len(connection.fake.written) == 2
    written = b"".join(connection.fake.written)
    messages = Decoder().feed(written)
    assert [message.id for message in messages] == ["1", "2", "3"]
    assert messages[1].data == '{"type":"response","content":"a\u2028\\nb"}'
    assert written.count(b"\n\n") == 3


async def test_in_http_1_1_a_batch_is_one_transfer_chunk() -> None:
    connection = FakeConnection()
    sink(connection, chunked=True).send([Response("a"), Response("b")])
    (written,) = connection.fake.written
    size, _, rest = written.partition(b"\r\n")
    assert rest.endswith(b"\n\n\r\n")
    assert int(size, 16) == len(rest) - 2


async def test_it_is_full_while_the_connection_takes_no_more() -> None:
    connection = FakeConnection()
    client = sink(connection)
    connection.fake.backlog = HIGH_WATER_BYTES + 1
    client.send([Response("a")])
    assert client.is_full
    connection.free.set()
    await client.drain()
    assert not client.is_full


async def test_a_client_that_was_gone_from_the_start_is_full() -> None:
    connection = FakeConnection()
    connection.transport = None
    client = sink(connection)
    client.send([Response("a")])
    assert client.is_full
    with pytest.raises(ConnectionError):
        await client.drain()


async def test_a_client_that_goes_gets_nothing_and_is_full() -> None:
    connection = FakeConnection()
    client = sink(connection)
    connection.fake.abort()
    client.send([Response("a")])
    assert client.is_full
    assert connection.fake.written == []
    with pytest.raises(ConnectionError):
        await client.drain()


async def test_a_client_that_takes_nothing_is_dropped() -> None:
    connection = FakeConnection()
    connection.fake.backlog = 100_000_000
    client = sink(connection, stall=0.01)
    client.send([Response("a")])
    await connection.fake.aborted.wait()
    assert client.is_stalled


async def test_heartbeats_that_come_to_what_waits_do_not_look_like_reading() -> None:
    connection = FakeConnection()
    transport = connection.fake
    transport.backlog = 100

    def grows_by_a_heartbeat() -> int:
        transport.backlog += 8
        return transport.backlog

    transport.get_write_buffer_size = grows_by_a_heartbeat  # type: ignore[method-assign]  # a fake
    client = sink(connection, stall=0.001)
    client.send([Response("a")])
    await asyncio.wait_for(transport.aborted.wait(), 10)
    assert client.is_stalled


async def test_a_client_that_has_nothing_to_take_is_kept() -> None:
    connection = FakeConnection()
    client = sink(connection, stall=0.0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert not client.is_stalled


async def test_a_slow_client_that_takes_something_is_kept() -> None:
    connection = FakeConnection()
    transport = connection.fake
    done = asyncio.Event()

    def takes_a_little() -> int:
        transport.backlog -= 1
        if transport.backlog == 0:
            done.set()
        return max(transport.backlog, 0)

    transport.backlog = 10
    transport.get_write_buffer_size = takes_a_little  # type: ignore[method-assign]  # a fake's own
    client = sink(connection, stall=0.001)
    client.send([Response("a")])
    await done.wait()
    await client.close(Outcome(kind="done", seconds=1))
    assert not client.is_stalled


@pytest.mark.parametrize("kind", ["done", "client_gone"])
async def test_closing_writes_nothing_and_looks_no_more(kind: Any) -> None:
    connection = FakeConnection()
    connection.fake.backlog = 1
    client = sink(connection, stall=0)
    client.send([Response("a")])
    await client.close(Outcome(kind=kind, seconds=1))
    await asyncio.sleep(0)
    assert len(connection.fake.written) == 1
    assert not connection.fake.aborted.is_set()
