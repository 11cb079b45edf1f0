"""Moments and callbacks in; one timer of the event loop for all of them.

A timer per stream costs about five times as much at a thousand streams. Moments are absolute, on
the clock of the loop, so that lateness never adds up.
"""

import asyncio
import heapq
import time
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
        self.now = time.monotonic
        """The clock of the loop."""

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
        """Call whom it is time for. Every token of every stream comes through here: no calls."""
        self._timer = None
        self._running = True
        heap = self._heap
        now = self.now()
        try:
            # What a callback asks for from here on is later than now: others get their turn.
            while heap and heap[0][0] <= now:
                _, number, ticket = heap[0]
                again = None
                try:
                    if ticket.callback:
                        again = ticket.callback()
                finally:
                    # What was added meanwhile comes after it: it is the first still.
                    if again is None:
                        heapq.heappop(heap)
                    else:
                        moment = again if again > now else self.now()
                        heapq.heapreplace(heap, (moment, number, ticket))
        finally:
            self._running = False
            if heap:
                self._arm()
