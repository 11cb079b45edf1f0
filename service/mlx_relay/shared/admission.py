"""Streams that want in at any relay in; for each a turn, by the limits of all together, out.

Redis decides (``admission.lua``), and what it decided is noted here. So while it is away this
process decides as it would alone, knowing what already runs in it; when Redis comes back it is told
of everything that is here then.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

from mlx_relay.admission import (
    Admission,
    Limits,
    Line,
    Turn,
    queue_is_full,
    user_is_full,
    user_waits_enough,
)
from mlx_relay.errors import RequestError, Unavailable
from mlx_relay.places import Places
from mlx_relay.profiles import Profile
from mlx_relay.shared.link import Answer, Link, Question, Reply, Stale

SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
PREFIX: Final = "mlx-relay:admission:"

LEASE_SECONDS: Final = 6.0
"""For so long a relay that died keeps its places."""
RENEW_SECONDS: Final = 1.5
LOOK_SECONDS: Final = 0.1
"""How often those who wait look for a place that another relay freed."""

REFUSALS: Final[Mapping[bytes, Callable[[], RequestError]]] = {
    b"full": Unavailable,
    b"user_full": user_is_full,
    b"user_queue_full": user_waits_enough,
    b"queue_full": queue_is_full,
}


class _Stream:
    """A stream of this process, from the question whether it may come in until it leaves."""

    def __init__(self, user_id: int, profile_id: int, line: Line) -> None:
        self.token = uuid.uuid4().hex
        self.user_id = user_id
        self.profile_id = profile_id
        self.line = line
        self.turn = Turn()
        self.state: Literal["asks", "in", "refused", "left"] = "asks"

    @property
    def waits(self) -> bool:
        return self.turn.position > 0

    @property
    def words(self) -> tuple[str | int, ...]:
        return (self.token, self.user_id, self.profile_id, "w" if self.waits else "r")


class SharedAdmission(Admission):
    """The admission of one process among several relays that share a Redis, over *link*."""

    def __init__(self, limits: Limits, link: Link, places: Places | None = None) -> None:
        super().__init__(limits, places)
        self._link = link
        self._relay = uuid.uuid4().hex
        self._decides = True
        """Redis is away: this process does, with its own lines."""
        self._streams: dict[str, _Stream] = {}
        # Those whom Redis lets wait, by profile; while it is away the lines know who waits.
        self._waiting: defaultdict[int, dict[str, _Stream]] = defaultdict(dict)
        self._next_renewal = 0.0
        self._next_look = 0.0

    @asynccontextmanager
    async def admit(self, user_id: int, profile: Profile) -> AsyncIterator[Turn]:
        stream = _Stream(user_id, profile.id, self.line(profile))
        try:
            await self._join(stream)
            yield stream.turn
        finally:
            self._leave(stream)

    def come(self) -> Question:
        """Hand those who wait over to Redis, and say what is here."""
        if self._decides:
            self._decides = False
            for stream in self._streams.values():
                if stream.waits:
                    stream.line.unqueue(stream.user_id, stream.turn)
                    self._waiting[stream.profile_id][stream.token] = stream
        words = [word for stream in self._streams.values() for word in stream.words]
        return self._question(_ignore, "come", _milliseconds(LEASE_SECONDS), *words)

    def go(self) -> Question:
        return self._question(_ignore, "go")

    def went(self) -> None:
        """Let those who wait do so here."""
        self._decides = True
        for waiting in self._waiting.values():
            for stream in waiting.values():
                stream.line.queue(stream.user_id, stream.turn)
        self._waiting.clear()
        self.advance()

    @property
    def pause(self) -> float:
        return LOOK_SECONDS if any(self._waiting.values()) else RENEW_SECONDS

    def routine(self, now: float) -> list[Question]:
        """Renew the lease, and look for those who wait."""
        questions = []
        if now >= self._next_renewal:
            self._next_renewal = now + RENEW_SECONDS
            milliseconds = _milliseconds(LEASE_SECONDS)
            questions.append(self._question(_refuse_unknown, "renew", milliseconds))
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            questions += [self._look(profile_id) for profile_id in self._waiting_profiles()]
        return questions

    async def _join(self, stream: _Stream) -> None:
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        limits = self._limits
        self._link.post(
            self._question(
                partial(self._answer, stream, answered),
                *("join", stream.token, stream.user_id, stream.profile_id),
                *(stream.line.max_streams, limits.max_streams, limits.max_streams_per_user),
                *(limits.max_queued, limits.max_queued_per_user),
            )
        )
        await answered

    def _answer(
        self, stream: _Stream, answered: "asyncio.Future[None]", reply: Reply | None
    ) -> None:
        if stream.state != "asks":
            return  # it has left meanwhile, and that is on its way to Redis too
        refusal = None
        try:
            self._let_in(stream, reply)
        except RequestError as error:
            stream.state = "refused"
            refusal = error
        if answered.done():
            return
        if refusal:
            answered.set_exception(refusal)
        else:
            answered.set_result(None)

    def _let_in(self, stream: _Stream, reply: Reply | None) -> None:
        if reply is None:
            self.enter(stream.user_id, stream.line, stream.turn)
        else:
            self._note(stream, reply)
        stream.state = "in"
        self._streams[stream.token] = stream
        if stream.waits and reply is not None:
            self._waiting[stream.profile_id][stream.token] = stream

    def _note(self, stream: _Stream, reply: Reply) -> None:
        """Count a stream that Redis has let in; raises what Redis refuses it with."""
        _refuse_unknown(reply)
        if refusal := REFUSALS.get(reply[0]):
            raise refusal()
        self.count(stream.user_id)
        if reply[0] == b"runs":
            stream.line.run()
        else:
            stream.turn.move(_positions(reply)[stream.token])
            self._saw(stream.profile_id, reply)

    def _leave(self, stream: _Stream) -> None:
        self._streams.pop(stream.token, None)
        self._waiting[stream.profile_id].pop(stream.token, None)
        if stream.state == "in":
            self._leave_here(stream)
        if stream.state != "refused" and not self._decides:
            self._link.post(self._seeing(stream.profile_id, "leave", stream.token))
        stream.state = "left"

    def _leave_here(self, stream: _Stream) -> None:
        if stream.waits and not self._decides:
            self.uncount(stream.user_id)
        else:
            self.leave(stream.user_id, stream.line, stream.turn)

    def _look(self, profile_id: int) -> Question:
        return self._seeing(profile_id, "look")

    def _seeing(self, profile_id: int, verb: str, *words: str) -> Question:
        """Return a question whose answer says who waits at the profile."""

        def answer(reply: Reply | None) -> None:
            if reply is not None:
                _refuse_unknown(reply)
                self._saw(profile_id, reply)

        limit = self._lines[profile_id].max_streams
        return self._question(answer, verb, *words, profile_id, limit)

    def _saw(self, profile_id: int, reply: Reply) -> None:
        """Move those who wait; who is not in the line any more was let in."""
        positions = _positions(reply)
        for stream in list(self._waiting[profile_id].values()):
            position = positions.get(stream.token, 0)
            if not position:
                stream.line.run()
                del self._waiting[profile_id][stream.token]
            stream.turn.move(position)

    def _waiting_profiles(self) -> list[int]:
        return [profile_id for profile_id, waiting in self._waiting.items() if waiting]

    def _question(self, answer: Answer, verb: str, *words: str | int) -> Question:
        return Question("admission", [PREFIX], [verb, self._relay, *words], answer)


def _positions(reply: Reply) -> dict[str, int]:
    _, *rest = reply
    return {token.decode(): position for token, position in zip(*[iter(rest)] * 2, strict=True)}


def _refuse_unknown(reply: Reply | None) -> None:
    if reply is not None and reply[0] == b"unknown":
        raise Stale


def _ignore(reply: Reply | None) -> None:
    del reply


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
