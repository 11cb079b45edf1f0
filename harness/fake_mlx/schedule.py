"""Moments and callbacks in; one timer of the event loop for all of them.

A timer per stream costs about five times as much at a thousand streams. Moments are absolute, on
the clock of the loop, so that lateness never adds up.
"""

import asyncio
import heapq
from collections.abc import Callable
from itertools import count
from typing import TypeAlias

Callback: TypeAlias = Callable[[], float | None]
"""Called at its moment; returns the moment at which it wants to be called again, or None."""


class Ticket:
    """An appointment; cancelled, it does nothing when its moment comes."""

    __slots__ = ("callback",)

    def __init__(self, callback: Callback) -> None:
        self.callback: Callback | None = callback

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

    def at(self, moment: float, callback: Callback) -> Ticket:
        """Call *callback* at *moment*, or in a later turn of the loop when that is past."""
        ticket = Ticket(callback)
        heapq.heappush(self._heap, (max(moment, self.now()), next(self._numbers), ticket))
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
                self._call_first()
        finally:
            self._running = False
            if self._heap:
                self._arm()

    def _call_first(self) -> None:
        """Call who is first in the heap; what is added meanwhile comes after it."""
        heap = self._heap
        _, number, ticket = heap[0]
        again = None
        try:
            if ticket.callback:
                again = ticket.callback()
        finally:
            if again is None:
                heapq.heappop(heap)
            else:
                heapq.heapreplace(heap, (max(again, self.now()), number, ticket))
