"""One place among the workers, kept filled: when a worker ends, another takes its place.

One that dies after it served is replaced at once. One that dies again and again, or does not
start, gets longer and longer pauses and is then given up, and the others go on. If the very first
in a place does not start, the service does not.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Final, TypeAlias

import structlog

from mlx_relay.stopping import Stopping
from mlx_relay.workers.process import WorkerProcess

PAUSES: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 16.0)
"""Seconds before each new try, as long as none of them lasted ``GOOD_SECONDS``."""

GOOD_SECONDS: Final = 60.0

Start: TypeAlias = Callable[[], AbstractAsyncContextManager[WorkerProcess]]

_log = structlog.get_logger(__name__)


class Keeper:
    """Keeps a worker running until *stop*; *bury* gets the process id of each that ended.

    A worker's streams have *drain_seconds* then.
    """

    def __init__(
        self, start: Start, bury: Callable[[int], None], stop: Stopping, drain_seconds: float
    ) -> None:
        self.settled = asyncio.Event()
        """The first worker serves, or has ended before it did."""
        self._start = start
        self._bury = bury
        self._stop = stop
        self._drain_seconds = drain_seconds
        self._loop = asyncio.get_running_loop()

    async def keep(self) -> int:
        """Return the exit code for the whole service, as far as this place is concerned."""
        try:
            return await self._keep()
        finally:
            self.settled.set()

    async def _keep(self) -> int:
        failures = 0
        while not self._stop.asked.is_set():
            began_at = self._loop.time()
            code = await self._run()
            if self._stop.asked.is_set():
                break
            if not self.settled.is_set():
                return self._do_not_start(code)
            failures = 0 if self._loop.time() - began_at > GOOD_SECONDS else failures + 1
            _log.error("worker_ended", code=code, failures=failures)
            if failures > len(PAUSES):
                _log.error("worker_given_up")
                return 1
            await self._pause(PAUSES[max(failures - 1, 0)])
        return 0

    async def _run(self) -> int:
        async with self._start() as worker:
            code = await self._watch(worker)
            if code is None:
                code = 0
                await worker.wind_down(self._stop.hurried, self._drain_seconds)
        self._bury(worker.pid)
        return code

    async def _watch(self, worker: WorkerProcess) -> int | None:
        """Return the exit code of *worker* if it ends by itself, None when it is to stop."""
        async with asyncio.TaskGroup() as group:
            ending = group.create_task(worker.ended())
            stopping = group.create_task(self._stop.asked.wait())
            settling = group.create_task(self._settle(worker))
            await asyncio.wait([ending, stopping], return_when=asyncio.FIRST_COMPLETED)
            for task in (ending, stopping, settling):
                task.cancel()
        return None if ending.cancelled() else ending.result()

    async def _settle(self, worker: WorkerProcess) -> None:
        await worker.door.ready.wait()
        self.settled.set()

    def _do_not_start(self, code: int) -> int:
        self._stop.asked.set()
        if code > 0:
            return code  # the worker has said why
        _log.error("worker_did_not_start", code=code)
        return 1

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stop.asked.wait()
