"""A worker's process: it gets its orders, ends in bounds, and is not left behind."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from mlx_relay.listening import open_listeners
from mlx_relay.workers import process
from mlx_relay.workers.orders import Orders
from mlx_relay.workers.process import running_worker
from mlx_relay.workers.reception import Reception
from support.until import until

ORDERS = Orders(0, Path("places"), Path("throttle"), {})
READY = """
import socket, sys
door = socket.socket(fileno=int(sys.argv[1]))
assert door.recv(65536).endswith(b"\\n")
door.send(b"r")
"""


async def reception() -> Reception:
    return Reception(await open_listeners("127.0.0.1", 0))


def command(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(process, "COMMAND", (sys.executable, "-c", text))


async def test_it_is_ready_when_it_says_so_and_its_exit_code_is_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command(monkeypatch, READY + "door.recv(1)\nsys.exit(7)")
    desk = await reception()
    async with running_worker(ORDERS, desk, {}) as worker:
        await asyncio.wait_for(worker.door.ready.wait(), 30)
        assert worker.door.is_open
        assert await worker.stop() == 7
    desk.close()


async def test_one_that_is_not_ready_in_time_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, "import time; time.sleep(600)")
    monkeypatch.setattr(process, "START_SECONDS", 0.01)
    desk = await reception()
    async with running_worker(ORDERS, desk, {}) as worker:
        assert await worker.ended() == -9
    desk.close()


async def test_one_that_does_not_go_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, READY + "import time; time.sleep(600)")
    monkeypatch.setattr(process, "STOP_SECONDS", 0.01)
    desk = await reception()
    async with running_worker(ORDERS, desk, {}) as worker:
        await asyncio.wait_for(worker.door.ready.wait(), 30)
        assert await worker.stop() == -9
    desk.close()


async def test_one_that_is_told_to_stop_has_time_and_is_told_again_to_hurry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command(monkeypatch, READY + 'sys.exit((door.recv(1) + door.recv(1)).count(b"s"))')
    desk = await reception()
    hurried = asyncio.Event()
    async with running_worker(ORDERS, desk, {}) as worker:
        await asyncio.wait_for(worker.door.ready.wait(), 30)
        async with asyncio.TaskGroup() as group:
            ended = group.create_task(worker.wind_down(hurried, 60))
            await asyncio.sleep(0)
            assert not ended.done()
            hurried.set()
        assert ended.result() == 2
    desk.close()


async def test_one_that_cannot_hear_gets_a_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, READY + "door.close(); import time; time.sleep(600)")
    desk = await reception()
    hurried = asyncio.Event()
    async with running_worker(ORDERS, desk, {}) as worker:
        await asyncio.wait_for(worker.door.ready.wait(), 30)
        await until(lambda: not worker.door.is_open)
        hurried.set()
        assert await worker.wind_down(hurried, 60) == -signal.SIGTERM
    desk.close()


async def test_one_that_does_not_wind_down_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, READY + "import time; time.sleep(600)")
    monkeypatch.setattr(process, "STOP_SECONDS", 0.01)
    desk = await reception()
    async with running_worker(ORDERS, desk, {}) as worker:
        await asyncio.wait_for(worker.door.ready.wait(), 30)
        assert await worker.wind_down(asyncio.Event(), 0) == -signal.SIGKILL
    desk.close()
