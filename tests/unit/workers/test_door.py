"""Connections go through the door once each, and none is lost when the other side dies."""

import asyncio
import socket
from contextlib import aclosing

from mlx_relay.workers.door import Arrivals, Door
from support.until import until


class Changes:
    """Notes what the parent is told."""

    def __init__(self) -> None:
        self.seen: list[bool] = []
        self.happened = asyncio.Event()

    def note(self, door: Door) -> None:
        self.seen.append(door.is_open)
        self.happened.set()

    async def next(self) -> None:
        await asyncio.wait_for(self.happened.wait(), 10)
        self.happened.clear()


def never() -> None:
    raise AssertionError("nobody said stop")


async def test_a_connection_comes_out_as_the_same_one_in_order() -> None:
    end, workers_end = socket.socketpair()
    changes = Changes()
    door = Door(end, changes.note)
    pairs = [socket.socketpair() for _ in range(3)]
    async with aclosing(Arrivals(workers_end, never).connections()) as connections:
        first = asyncio.ensure_future(anext(connections))
        await changes.next()
        assert changes.seen == [True]
        for ours, _ in pairs:
            assert door.give(ours)
        arrived = [await first, *[await anext(connections) for _ in pairs[1:]]]
        for number, (connection, (_, client)) in enumerate(zip(arrived, pairs, strict=True)):
            connection.send(bytes([number]))
            assert client.recv(1) == bytes([number])
        # The parent closes its copies when the worker has its own.
        await until(lambda: all(ours.fileno() < 0 for ours, _ in pairs))
        door.close()
        assert await anext(connections, None) is None
    assert changes.seen == [True, False]
    for open_socket in (*arrived, *(client for _, client in pairs)):
        open_socket.close()


async def test_what_a_dead_worker_did_not_take_comes_back() -> None:
    end, workers_end = socket.socketpair()
    changes = Changes()
    door = Door(end, changes.note)
    ours, client = socket.socketpair()
    assert door.give(ours)
    workers_end.close()
    await changes.next()
    assert changes.seen == [False]
    assert door.take_back() == [ours]
    assert not door.give(ours)
    door.close()
    ours.close()
    client.close()


async def test_a_parent_that_dies_ends_the_connections() -> None:
    end, workers_end = socket.socketpair()
    async with aclosing(Arrivals(workers_end, never).connections()) as connections:
        end.close()
        assert await anext(connections, None) is None


async def test_the_parents_word_to_stop_arrives_and_connections_still_do() -> None:
    end, workers_end = socket.socketpair()
    changes = Changes()
    door = Door(end, changes.note)
    told = asyncio.Event()
    async with aclosing(Arrivals(workers_end, told.set).connections()) as connections:
        arriving = asyncio.ensure_future(anext(connections))
        await changes.next()
        assert door.tell_to_stop()
        await asyncio.wait_for(told.wait(), 10)
        ours, client = socket.socketpair()
        assert door.give(ours)
        (await arriving).close()
    client.close()
    await changes.next()
    assert not door.tell_to_stop()
    door.close()
