"""A place among the workers: filled again, given up in the end, and never in a hurry to loop."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

import pytest

from mlx_relay.stopping import Stopping
from mlx_relay.workers import keeper
from mlx_relay.workers.keeper import Keeper
from mlx_relay.workers.process import WorkerProcess


class FakeDoor:
    def __init__(self, *, is_ready: bool) -> None:
        self.ready = asyncio.Event()
        if is_ready:
            self.ready.set()


class FakeWorker:
    """Ends with *code* once it is ready, or runs until it is stopped when *code* is None."""

    def __init__(self, pid: int, code: int | None, *, is_ready: bool = True) -> None:
        self.pid = pid
        self.door = FakeDoor(is_ready=is_ready)
        self.code = code
        self.drain_seconds: float | None = None

    async def wind_down(self, hurried: asyncio.Event, seconds: float) -> int:
        self.drain_seconds = seconds
        return 0

    async def ended(self) -> int:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if self.code is None:
            await asyncio.get_running_loop().create_future()
            raise AssertionError
        return self.code


class Place:
    """Runs the given workers one after the other; the last of them again and again."""

    def __init__(self, *workers: FakeWorker) -> None:
        self.workers = list(workers)
        self.started = 0
        self.buried: list[int] = []
        self.stop = Stopping(on_hurry=lambda _code: None)
        self.keeper = Keeper(self.start, self.buried.append, self.stop, drain_seconds=7.0)

    @asynccontextmanager
    async def start(self) -> AsyncIterator[WorkerProcess]:
        worker = self.workers[min(self.started, len(self.workers) - 1)]
        self.started += 1
        if worker.code is None and self.started > 1:
            self.stop.ask()
        yield cast("WorkerProcess", worker)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "PAUSES", (0.0,) * len(keeper.PAUSES))


async def test_a_worker_that_dies_is_buried_and_replaced() -> None:
    second = FakeWorker(12, None)
    place = Place(FakeWorker(11, -9), second)
    assert await place.keeper.keep() == 0
    assert (place.started, place.buried) == (2, [11, 12])
    assert second.drain_seconds == 7.0


async def test_a_worker_that_never_starts_ends_the_service_with_its_exit_code() -> None:
    place = Place(FakeWorker(11, 78, is_ready=False))
    assert await place.keeper.keep() == 78
    assert place.stop.asked.is_set()
    assert place.keeper.settled.is_set()
    assert place.started == 1


@pytest.mark.parametrize("code", [0, -9])
async def test_a_worker_that_ends_before_it_serves_is_a_failure(code: int) -> None:
    assert await Place(FakeWorker(11, code, is_ready=False)).keeper.keep() == 1


async def test_a_replacement_that_does_not_start_is_given_up_and_the_service_goes_on() -> None:
    place = Place(FakeWorker(11, -9), FakeWorker(12, 1, is_ready=False))
    assert await place.keeper.keep() == 1
    assert place.started == len(keeper.PAUSES) + 1
    assert not place.stop.asked.is_set()


async def test_a_keeper_whose_service_has_stopped_starts_nothing() -> None:
    place = Place(FakeWorker(11, 1))
    place.stop.ask()
    assert await place.keeper.keep() == 0
    assert place.keeper.settled.is_set()
    assert place.started == 0
