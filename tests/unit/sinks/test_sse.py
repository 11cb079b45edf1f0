"""The client's sink: what it writes, when it is full, and when it drops a client."""

import asyncio
from typing import Any, cast

import pytest
from aiohttp_sse import EventSourceResponse

from mlx_relay.events import Done, Response, Start
from mlx_relay.pipeline.sse import Decoder
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.sse import HIGH_WATER_BYTES, SseSink


class FakeTransport:
    """A write buffer that a test fills and empties by hand."""

    def __init__(self) -> None:
        self.backlog = 0
        self.aborted = asyncio.Event()

    def get_write_buffer_size(self) -> int:
        return self.backlog

    def abort(self) -> None:
        self.aborted.set()


class FakeResponse:
    """Takes writes; one that is *stuck* waits until it is let go."""

    def __init__(self) -> None:
        self.written: list[bytes] = []
        self.free = asyncio.Event()
        self.free.set()

    async def write(self, data: bytes) -> None:
        self.written.append(data)
        await self.free.wait()


def sink(response: FakeResponse, transport: FakeTransport, stall_seconds: float = 30) -> SseSink:
    return SseSink(
        cast("EventSourceResponse", response),
        cast("Any", transport),
        stall_seconds=stall_seconds,
    )


async def test_a_batch_is_one_write_of_numbered_events() -> None:
    response = FakeResponse()
    client = sink(response, FakeTransport())
    client.send([Start("s", "p", "m"), Response("a\u2028\nb")])
    client.send([Done("stop")])
    await client.drain()
    (written,) = response.written
    messages = Decoder().feed(written)
    assert [message.id for message in messages] == ["1", "2", "3"]
    assert messages[1].data == '{"type":"response","content":"a\u2028\\nb"}'
    assert written.count(b"\n\n") == 3


async def test_nothing_to_say_is_no_write() -> None:
    response = FakeResponse()
    await sink(response, FakeTransport()).drain()
    assert response.written == []


async def test_it_is_full_until_what_waits_is_written() -> None:
    client = sink(FakeResponse(), FakeTransport())
    client.send([Response("x" * HIGH_WATER_BYTES)])
    assert client.is_full
    await client.drain()
    assert not client.is_full


async def test_a_client_that_takes_nothing_is_dropped() -> None:
    response, transport = FakeResponse(), FakeTransport()
    client = sink(response, transport, stall_seconds=0.01)
    transport.backlog = 100_000_000
    response.free.clear()
    client.send([Response("a")])
    async with asyncio.TaskGroup() as group:
        group.create_task(client.drain())
        await transport.aborted.wait()
        assert client.is_stalled
        response.free.set()


async def test_a_slow_client_that_takes_something_is_kept() -> None:
    response, transport = FakeResponse(), FakeTransport()
    looks: list[int] = []

    def takes_a_little() -> int:
        looks.append(transport.backlog)
        transport.backlog -= 1
        if len(looks) == 5:
            response.free.set()
        return transport.backlog

    transport.backlog = 1_000
    transport.get_write_buffer_size = takes_a_little  # type: ignore[method-assign]  # a fake's own
    client = sink(response, transport, stall_seconds=0.001)
    response.free.clear()
    client.send([Response("a")])
    await client.drain()
    assert len(looks) >= 5
    assert not client.is_stalled
    assert not transport.aborted.is_set()


@pytest.mark.parametrize("kind", ["done", "client_gone"])
async def test_closing_writes_nothing(kind: Any) -> None:
    response = FakeResponse()
    await sink(response, FakeTransport()).close(Outcome(kind=kind, seconds=1))
    assert response.written == []
