"""One timer for all who watch, and none while nobody does."""

import asyncio
from contextlib import ExitStack

import pytest

from mlx_relay.errors import Unavailable
from mlx_relay.web.metrics_watchers import MAX_WATCHERS, Watchers


class Samples:
    """Counts how often it was asked."""

    def __init__(self) -> None:
        self.taken = 0
        self.fails = False

    def take(self, loop_lag: float) -> bytes:
        assert loop_lag >= 0
        self.taken += 1
        if self.fails:
            raise LookupError
        return b"%d" % self.taken


def watchers(samples: Samples) -> Watchers:
    return Watchers(samples.take, interval_seconds=0.001)


async def test_the_first_sample_comes_at_once_and_then_one_after_the_other() -> None:
    samples = Samples()
    with Watchers(samples.take, interval_seconds=3600).join() as watcher:
        assert await watcher.next() == b"1"
    with watchers(Samples()).join() as watcher:
        assert [await watcher.next() for _ in range(3)] == [b"1", b"2", b"3"]


async def test_all_watchers_get_the_same_sample() -> None:
    shared = watchers(Samples())
    with shared.join() as first, shared.join() as second:
        assert (await first.next(), await second.next()) == (b"1", b"2")
        assert await first.next() == await second.next() == b"3"


async def test_a_slow_watcher_gets_the_newest_sample() -> None:
    shared = watchers(Samples())
    with shared.join() as slow, shared.join() as quick:
        newest = [await quick.next() for _ in range(5)][-1]
        assert await slow.next() == newest


async def test_no_sample_is_taken_while_nobody_watches() -> None:
    samples = Samples()
    shared = watchers(samples)
    with shared.join():
        pass
    # Timers fire in their order: by the end of this one a left-over of the other had fired.
    done = asyncio.Event()
    asyncio.get_running_loop().call_later(0.005, done.set)
    await done.wait()
    assert samples.taken == 1
    with shared.join() as watcher:
        assert [await watcher.next(), await watcher.next()] == [b"2", b"3"]


async def test_a_sample_that_cannot_be_taken_is_not_the_end() -> None:
    samples, loop = Samples(), asyncio.get_running_loop()
    shared = watchers(samples)
    failed = asyncio.Event()
    loop.set_exception_handler(lambda _loop, _context: failed.set())
    with shared.join() as watcher:
        await watcher.next()
        samples.fails = True
        await failed.wait()
        samples.fails = False
        assert await watcher.next() == b"%d" % samples.taken


async def test_there_is_room_for_so_many_and_a_place_is_free_again() -> None:
    shared = watchers(Samples())
    with ExitStack() as stack:
        for _ in range(MAX_WATCHERS):
            stack.enter_context(shared.join())
        with pytest.raises(Unavailable), shared.join():
            pass
    with shared.join():
        pass


async def test_at_the_end_everybody_goes_and_nobody_comes() -> None:
    shared = watchers(Samples())
    with shared.join() as watcher:
        await watcher.next()
        shared.end()
        assert await watcher.next() is None
    with pytest.raises(Unavailable), shared.join():
        pass
