"""A worker's process: orders in; a door while it lives, and its exit code at the end, out."""

import asyncio
import socket
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from mlx_relay.workers.door import Door
from mlx_relay.workers.orders import Orders, write_orders
from mlx_relay.workers.reception import Reception

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 15.0
"""Longer than a worker takes after its streams had their time: for the rest, and for its log."""

COMMAND: Final = (sys.executable, "-P", "-m", "mlx_relay.cli.worker")


class WorkerProcess:
    """A worker that was started."""

    def __init__(self, process: Process, door: Door) -> None:
        self.pid = process.pid
        self.door = door
        self._process = process

    async def ended(self) -> int:
        """Wait until it has ended by itself, or did not start in time; return its exit code."""
        async with asyncio.TaskGroup() as group:
            limit = group.create_task(self._limit_start())
            code = await self._process.wait()
            limit.cancel()
        return code

    async def wind_down(self, hurried: asyncio.Event, seconds: float) -> int:
        """Let its streams end in *seconds*, or at once when *hurried*; return its exit code."""
        if not self.door.ready.is_set():
            return await self.stop()
        # One whose door is closed already has been told before, by a signal of its own.
        if self.door.is_open:
            self.door.tell_to_stop()
        async with asyncio.TaskGroup() as group:
            hurrying = group.create_task(self._hurry(hurried))
            try:
                async with asyncio.timeout(seconds + STOP_SECONDS):
                    return await self._process.wait()
            except TimeoutError:
                self._process.kill()
                return await self._process.wait()
            finally:
                hurrying.cancel()

    async def _hurry(self, hurried: asyncio.Event) -> None:
        await hurried.wait()
        if not self.door.tell_to_stop():
            self._process.terminate()

    async def stop(self) -> int:
        """End it, in bounds, if it has not ended; return its exit code."""
        self.door.close()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await self._process.wait()
        except TimeoutError:
            self._process.kill()
            return await self._process.wait()

    async def _limit_start(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                await self.door.ready.wait()
        except TimeoutError:
            self._process.kill()


@asynccontextmanager
async def running_worker(
    orders: Orders, reception: Reception, environment: Mapping[str, str]
) -> AsyncIterator[WorkerProcess]:
    """Start a worker that serves what *reception* gives it; it does not outlive the block."""
    end, workers_end = socket.socketpair()
    with workers_end:
        process = await asyncio.create_subprocess_exec(
            *(*COMMAND, str(workers_end.fileno())),
            stdin=DEVNULL,
            stdout=DEVNULL,
            env=environment,
            pass_fds=(workers_end.fileno(),),
        )
    end.sendall(write_orders(orders))
    worker = WorkerProcess(process, Door(end, reception.note))
    try:
        yield worker
    finally:
        await worker.stop()
