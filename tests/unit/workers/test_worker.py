"""A worker in this process: it serves what comes through the door until the door closes."""

import asyncio
import socket
from pathlib import Path

from mlx_relay.config import load_settings
from mlx_relay.workers.door import Door
from mlx_relay.workers.orders import Orders
from mlx_relay.workers.places import make_table
from mlx_relay.workers.worker import work


async def test_a_connection_from_the_door_is_served_and_a_closed_door_ends_it(
    tmp_path: Path,
) -> None:
    make_table(tmp_path / "places", 1)
    (tmp_path / "throttle").touch()
    settings = load_settings(data_dir=tmp_path, sinks="sse")
    end, workers_end = socket.socketpair()
    door = Door(end, lambda _door: None)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with asyncio.TaskGroup() as group:
            orders = Orders(
                0, tmp_path / "places", tmp_path / "throttle", settings.model_dump(mode="json")
            )
            group.create_task(work(orders, workers_end))
            await asyncio.wait_for(door.ready.wait(), 60)
            reader, writer = await asyncio.open_connection(*listener.getsockname())
            assert door.give(listener.accept()[0])
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
            door.close()
            assert await reader.read()
            writer.close()
