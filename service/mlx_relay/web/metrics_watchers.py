"""A way to take a sample in; one sample a second to everyone who watches, out.

One timer serves all watchers and stands still while there are none. A watcher that is slow gets
the newest sample and misses those between, so nothing piles up.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from mlx_relay.errors import Unavailable

INTERVAL_SECONDS = 1.0
MAX_WATCHERS = 16


class Watcher:
    """One who watches."""

    def __init__(self) -> None:
        self._wake = asyncio.Event()
        self._newest: bytes | None = None

    async def next(self) -> bytes | None:
        """Wait for the next sample; None is the end."""
        await self._wake.wait()
        self._wake.clear()
        return self._newest

    def give(self, sample: bytes | None) -> None:
        self._newest = sample
        self._wake.set()


class Watchers:
    """Those who watch. *take* makes a sample; it is told by how many seconds the loop was late."""

    def __init__(
        self, take: Callable[[float], bytes], *, interval_seconds: float = INTERVAL_SECONDS
    ) -> None:
        self._take = take
        self._interval_seconds = interval_seconds
        self._watchers: set[Watcher] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._loop_lag = 0.0
        self._is_over = False

    @contextmanager
    def join(self) -> Iterator[Watcher]:
        """Yield a watcher that has its first sample already; raises Unavailable when full."""
        if self._is_over or len(self._watchers) >= MAX_WATCHERS:
            raise Unavailable("Too many are watching. Try again in a moment.")
        watcher = Watcher()
        watcher.give(self._take(self._loop_lag))
        self._watchers.add(watcher)
        if self._timer is None:
            self._arm()
        try:
            yield watcher
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._stop()

    def end(self) -> None:
        """Let every watcher go, and take no more."""
        self._is_over = True
        self._stop()
        for watcher in self._watchers:
            watcher.give(None)

    def _arm(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time() + self._interval_seconds
        self._timer = loop.call_at(due, self._tick, due)

    def _tick(self, due: float) -> None:
        self._loop_lag = max(0.0, asyncio.get_running_loop().time() - due)
        # First the timer: a sample that cannot be taken must not be the last one.
        self._arm()
        sample = self._take(self._loop_lag)
        for watcher in self._watchers:
            watcher.give(sample)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
