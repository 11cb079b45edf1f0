"""The streams of one process: stopped, ended, drained, let go."""

import asyncio
from collections.abc import Collection

import pytest

from mlx_relay.admission import Turn
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.errors import Unavailable
from mlx_relay.events import Status
from mlx_relay.grants import Grant
from unit.relaying import (
    TEXT,
    FakeClient,
    FakeExchange,
    FakeUpstream,
    chat,
    queued,
    relay,
)


async def test_shutting_down_ends_live_streams_with_an_event_and_takes_no_more() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        service.shut_down()
        outcome = await running
    assert (outcome.kind, outcome.code) == ("error", "shutting_down")
    assert client.types() == ["Start", "Response", "Error"]
    with pytest.raises(Unavailable):
        await service.admit(1, chat().profile).__aenter__()


async def test_one_stream_is_stopped_by_its_id_and_counts_as_one_whose_client_left() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        service.stop("another", "asked")
        assert client.types() == ["Start", "Response"]
        service.stop(chat().info.stream_id, "asked")
        outcome = await running
    assert client.types() == ["Start", "Response", "Error"]
    assert '"code":"stopped"' in client.last()
    assert (outcome.kind, outcome.code, outcome.cause) == ("client_gone", None, "asked")
    assert outcome.upstream_release is not None
    assert exchange.closed.is_set()


async def test_shutting_down_ends_who_waits_and_asks_nothing_of_the_upstream() -> None:
    upstream, client, turn = FakeUpstream(None), FakeClient(), queued(1)
    service = relay(upstream)
    client.is_full = True
    client.reads.clear()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, turn))
        await client.got(Status("queued", 1))
        service.shut_down()
        turn.move(0)
        for _ in range(20):
            await asyncio.sleep(0)
        client.reads.set()
    assert running.result().code == "shutting_down"
    assert client.types() == ["Start", "Status", "Error"]
    assert not upstream.asked.is_set()


async def test_a_stream_ends_when_what_let_it_in_has_ended() -> None:
    async def all_have_ended(grants: Collection[Grant]) -> Collection[Grant]:
        return grants

    live_streams, client = LiveStreams(all_have_ended), FakeClient()
    exchange = FakeExchange([TEXT], ends=False)
    service = relay(FakeUpstream(exchange), live_streams)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(live_streams.watch())
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        live_streams.look()
        outcome = await running
        watching.cancel()
    assert client.types() == ["Start", "Response", "Error"]
    assert (outcome.code, outcome.cause) == ("session_revoked", "revoked")
    assert exchange.closed.is_set()


async def test_draining_takes_no_more_and_waits_for_those_that_run() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    await service.drain()
    with pytest.raises(Unavailable):
        await service.admit(1, chat().profile).__aenter__()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        drained = group.create_task(service.drain())
        await asyncio.sleep(0)
        assert (service.streams, drained.done()) == (1, False)
        running.cancel()
    assert service.streams == 0


async def test_a_client_that_does_not_take_its_end_is_let_go_with_that_end() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    running = asyncio.ensure_future(service.run(chat(), client, Turn()))
    await client.got_text.wait()
    client.reads.clear()
    service.shut_down()
    service.let_go()
    await asyncio.wait([running])
    assert running.cancelled()
    assert client.outcome is not None
    assert (client.outcome.kind, client.outcome.code) == ("error", "shutting_down")
    assert exchange.closed.is_set()
