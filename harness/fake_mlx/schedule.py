"""Moments and callbacks in; one timer of the event loop for all of them.

A timer per stream costs about five times as much at a thousand streams. Moments are absolute, on
the clock of the loop, so that lateness never adds up.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count


class Ticket:
    """An appointment; cancelled, it does nothing when its moment comes."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callable[[], None]) -> None:
        self.callback: Callable[[], None] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Schedule:
    """The appointments of all streams of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._heap: list[tuple[float, int, Ticket]] = []
        self._numbers = count()
        self._timer: asyncio.TimerHandle | None = None
        self._running = False

    def now(self) -> float:
        return self._loop.time()

    def at(self, moment: float, callback: Callable[[], None]) -> Ticket:
        """Call *callback* at *moment*, or in a later turn of the loop when that is past."""
        ticket = Ticket(callback)
        moment = max(moment, self.now())
        heapq.heappush(self._heap, (moment, next(self._numbers), ticket))
        if not self._running:
            self._arm()
        return ticket

    def _arm(self) -> None:
        moment = self._heap[0][0]
        if self._timer:
            if self._timer.when() <= moment:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(moment, self._run)

    def _run(self) -> None:
        self._timer = None
        self._running = True
        now = self.now()
        try:
            # What a callback asks for from here on is later than now: others get their turn.
            while self._heap and self._heap[0][0] <= now:
                _, _, ticket = heapq.heappop(self._heap)
                if ticket.callback:
                    ticket.callback()
        finally:
            self._running = False
            if self._heap:
                self._arm()
