"""Workers get connections in turn; without one they wait in the kernel's queue."""

import asyncio
import socket
from contextlib import closing

from mlx_relay.listening import open_listeners
from mlx_relay.workers.door import READY, Door
from mlx_relay.workers.reception import Reception
from support.until import until


class FakeWorker:
    """The far end of a door, which takes nothing before it is asked to."""

    def __init__(self, reception: Reception) -> None:
        end, self.end = socket.socketpair()
        self.end.setblocking(False)
        self.door = Door(end, reception.note)
        self.end.send(READY)

    async def take(self) -> socket.socket:
        while True:
            try:
                _, (descriptor,), _, _ = socket.recv_fds(self.end, 1, 1)
            except BlockingIOError:
                await asyncio.sleep(0)
            else:
                return socket.socket(fileno=descriptor)

    def die(self) -> None:
        self.end.close()


async def test_connections_go_to_the_workers_in_turn() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    with closing(Reception(listeners)) as reception:
        workers = [FakeWorker(reception) for _ in range(2)]
        for worker in workers:
            await asyncio.wait_for(worker.door.ready.wait(), 10)
        clients = [socket.create_connection(listeners[0].getsockname()) for _ in range(4)]
        taken = [await asyncio.wait_for(workers[number % 2].take(), 10) for number in range(4)]
        names = {connection.getpeername() for connection in taken}
        assert names == {client.getsockname() for client in clients}
        for worker in workers:
            worker.door.close()
            worker.die()
        for connection in (*taken, *clients):
            connection.close()


async def test_what_a_dead_worker_did_not_take_goes_to_another() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    with closing(Reception(listeners)) as reception:
        dying = FakeWorker(reception)
        await asyncio.wait_for(dying.door.ready.wait(), 10)
        client = socket.create_connection(listeners[0].getsockname())
        await until(lambda: dying.door._given)
        dying.die()
        heir = FakeWorker(reception)
        await until(lambda: heir.door.is_open and not dying.door.is_open)
        other = socket.create_connection(listeners[0].getsockname())
        taken = await asyncio.wait_for(heir.take(), 10)
        assert taken.getpeername() in (client.getsockname(), other.getsockname())
        dying.door.close()
        heir.door.close()
        heir.die()
        for connection in (taken, client, other):
            connection.close()


async def test_without_a_worker_a_connection_waits() -> None:
    listeners = await open_listeners("127.0.0.1", 0)
    with closing(Reception(listeners)) as reception:
        client = socket.create_connection(listeners[0].getsockname())
        worker = FakeWorker(reception)
        taken = await asyncio.wait_for(worker.take(), 10)
        assert taken.getpeername() == client.getsockname()
        worker.door.close()
        worker.die()
        taken.close()
        client.close()
