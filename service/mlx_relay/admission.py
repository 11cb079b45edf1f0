"""Streams that want in; for each a turn, at once or after a wait, or a refusal, out.

A profile runs as many streams at once as it may. The others wait in its queue, in which users take
turns, and are told their place. What a stream holds is free again the moment it leaves.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from typing import Final

import msgspec

from mlx_relay.errors import RateLimited, RequestError, Unavailable
from mlx_relay.fair_queue import FairQueue
from mlx_relay.places import Key, OwnPlaces, Places
from mlx_relay.profiles import Profile

ALL: Final[Key] = ("all", 0)
RETRY_SECONDS = 5


class Limits(msgspec.Struct, frozen=True):
    """How many streams may be open at once, and how many of them wait; 0 means no limit.

    *max_queued* and *max_queued_per_user* are those of one profile.
    """

    max_streams: int = 0
    max_streams_per_user: int = 0
    max_queued: int = 0
    max_queued_per_user: int = 0


class Turn:
    """A stream's turn at a profile. *position* counts from 1 in the queue; 0: it has come."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()

    def move(self, position: int) -> None:
        if position != self.position:
            self.position = position
            self._moved.set()

    async def positions(self) -> AsyncIterator[int]:
        """Yield the place in the queue, now and when it changes, until the turn has come."""
        while self.position:
            self._moved.clear()
            yield self.position
            await self._moved.wait()


class Admission:
    """Lets streams in; one per process. *places* are shared where processes count together."""

    def __init__(self, limits: Limits, places: Places | None = None) -> None:
        self._limits = limits
        self._places = places or OwnPlaces()
        self._lines: dict[int, Line] = {}

    @asynccontextmanager
    async def admit(self, user_id: int, profile: Profile) -> AsyncIterator[Turn]:
        """Hold a place, or one in the queue; raises RateLimited or Unavailable if there is none."""
        turn = Turn()
        line = self.line(profile)
        self.enter(user_id, line, turn)
        try:
            yield turn
        finally:
            self.leave(user_id, line, turn)

    def line(self, profile: Profile) -> "Line":
        """Return the line of *profile*, with the limit that it has now."""
        line = self._lines.setdefault(profile.id, Line(profile.id, self._limits, self._places))
        line.max_streams = profile.max_streams
        return line

    def enter(self, user_id: int, line: "Line", turn: Turn) -> None:
        """Take the places that a stream needs, or none; raises RateLimited or Unavailable."""
        with ExitStack() as held:
            self._hold(held, ALL, self._limits.max_streams, Unavailable())
            self._hold(held, ("user", user_id), self._limits.max_streams_per_user, user_is_full())
            line.join(user_id, turn)
            held.pop_all()

    def leave(self, user_id: int, line: "Line", turn: Turn) -> None:
        """Free what ``enter`` took."""
        line.leave(user_id, turn)
        self.uncount(user_id)

    def count(self, user_id: int) -> None:
        """Count a stream that was let in elsewhere."""
        self._places.take(ALL, 0)
        self._places.take(("user", user_id), 0)

    def uncount(self, user_id: int) -> None:
        self._places.give_back(("user", user_id))
        self._places.give_back(ALL)

    def advance(self) -> None:
        """Give places that became free elsewhere to those who wait."""
        for line in self._lines.values():
            line.advance()

    def _hold(self, held: ExitStack, key: Key, limit: int, refusal: RequestError) -> None:
        if not self._places.take(key, limit):
            raise refusal
        held.callback(self._places.give_back, key)


class Line:
    """The streams that run and wait at one profile."""

    def __init__(self, profile_id: int, limits: Limits, places: Places) -> None:
        self.max_streams = 0
        self._running: Key = ("profile", profile_id)
        self._queued: Key = ("queued", profile_id)
        self._limits = limits
        self._places = places
        self._waiting: FairQueue[Turn] = FairQueue()

    def join(self, user_id: int, turn: Turn) -> None:
        self.advance()
        if self._has_to_wait():
            self._take_room(user_id)
            self._waiting.add(user_id, turn)
            self._tell_positions()

    def leave(self, user_id: int, turn: Turn) -> None:
        if turn.position:
            self.unqueue(user_id, turn)
            self._tell_positions()
        else:
            self._places.give_back(self._running)
        if not self._others_wait():
            self.advance()

    def advance(self) -> None:
        """Let in whom there is a place for."""
        if self._waiting:
            while self._waiting and self._places.take(self._running, self.max_streams):
                self._places.give_back(self._queued)
                self._waiting.pop().move(0)
            self._tell_positions()

    def run(self) -> None:
        """Count a stream that was let in elsewhere."""
        self._places.take(self._running, 0)

    def queue(self, user_id: int, turn: Turn) -> None:
        """Let a stream wait here that waited elsewhere."""
        self._places.take(self._queued, 0)
        self._waiting.add(user_id, turn)

    def unqueue(self, user_id: int, turn: Turn) -> None:
        """Let a stream go that is to wait elsewhere from now on."""
        self._waiting.remove(user_id, turn)
        self._places.give_back(self._queued)

    def _has_to_wait(self) -> bool:
        if self.max_streams and (self._waiting or self._others_wait()):
            return True
        return not self._places.take(self._running, self.max_streams)

    def _others_wait(self) -> bool:
        """Return whether somebody waits in another process.

        Then a place that became free here goes to whoever asks for it first, at the next
        ``advance`` of either: else the users of a busy process would leave none to the others.
        """
        if self._places.take(self._queued, len(self._waiting) + 1):
            self._places.give_back(self._queued)
            return False
        return True

    def _take_room(self, user_id: int) -> None:
        if 0 < self._limits.max_queued_per_user <= self._waiting.count(user_id):
            raise user_waits_enough()
        if not self._places.take(self._queued, self._limits.max_queued):
            raise queue_is_full()

    def _tell_positions(self) -> None:
        for position, turn in enumerate(self._waiting, 1):
            turn.move(position)


def user_is_full() -> RateLimited:
    return _too_many("You have too many streams open. Let one end first.")


def user_waits_enough() -> RateLimited:
    return _too_many("You have too many streams waiting. Let one end first.")


def queue_is_full() -> Unavailable:
    return Unavailable("Too many people wait for this model. Try again shortly.")


def _too_many(message: str) -> RateLimited:
    return RateLimited(message, retry_after=RETRY_SECONDS)
