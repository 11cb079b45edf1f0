"""An arrival in; a visit out: what that kind of visitor does, and whether it got what it must.

Metrics, in microseconds, from the moment at which the visitor should have started:
``first_event`` of all, ``first_answer`` and ``full`` by profile, ``late``: how late this process
was itself. ``gap`` is what lies between two pieces of an answer.
"""

import itertools
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Final

from load.accounts import Account
from load.answers import ChunkReader, EventReader
from load.chat import Ask, ChatFailed, Take, chat
from load.plan import Plan
from load.recorder import Recorder

LEAVE_AFTER: Final = 40
SLOW_BYTES_PER_SECOND: Final = 60_000.0

Report = Callable[[str, float, Exception | None], None]
"""Is told of each stream: its name, how many seconds it took, and what was wrong with it."""


class Visits:
    """All visits of one process: they share accounts and a recorder."""

    def __init__(self, plan: Plan, recorder: Recorder, report: Report) -> None:
        self._plan = plan
        self._recorder = recorder
        self._report = report
        self._digests = {name: p.answer.digest() for name, p in plan.profiles.items()}
        accounts = [
            Account(plan.relay_port, name, plan.password, self._logged_in) for name in plan.accounts
        ]
        self._turns: Iterator[Account] = itertools.cycle(accounts)

    def visit(self, kind: str, due: float) -> None:
        """Do what a visitor of *kind* does who should have come at *due*."""
        self._recorder.note("late", (time.monotonic() - due) * 1e6, due)
        match kind:
            case "direct":
                self._direct(due)
            case "leaver":
                self._relayed("long", due, leave_after=LEAVE_AFTER)
            case "retrier":
                self._retry(due)
            case "slow_reader":
                self._relayed("flood", due, bytes_per_second=SLOW_BYTES_PER_SECOND)
            case _:
                self._relayed(kind, due)

    def _retry(self, due: float) -> None:
        """Meet a server that dies in mid-stream, and try again, as a page's button does."""
        if self._relayed("dying", due, error="upstream_truncated"):
            self._recorder.count("retries", time.monotonic())
            self._relayed("plain", time.monotonic())

    def _relayed(
        self,
        profile: str,
        due: float,
        *,
        error: str | None = None,
        leave_after: int | None = None,
        bytes_per_second: float | None = None,
    ) -> bool:
        """Chat through the relay; *error* is the one that the stream must end with."""
        with_login = time.monotonic()
        try:
            headers = next(self._turns).headers()
        except (OSError, HTTPException, ChatFailed) as failure:
            self._failed("login", due, failure)
            return False
        due += time.monotonic() - with_login
        body = {
            "profile_id": self._plan.profiles[profile].id,
            "messages": [{"role": "user", "content": f"Load test: {profile}"}],
        }
        ask = Ask(
            self._plan.relay_port,
            "/api/chat/completions",
            body,
            headers,
            leave_after,
            bytes_per_second,
        )

        def check(take: Take) -> None:
            terminal = take.terminal or {"type": "nothing"}
            ended = terminal.get("code") if terminal["type"] == "error" else None
            if not take.left and (ended != error or terminal["type"] not in ("done", "error")):
                raise ChatFailed(f"{profile}: ended with {terminal}")
            self._compare(profile, take, whole=not take.left and error is None)

        return self._stream(profile, ask, due, check)

    def _direct(self, due: float) -> None:
        """Ask the fake itself for what "plain" asks the relay for: the yardstick."""
        model = self._plan.profiles["plain"].model
        messages = [{"role": "user", "content": "Load test: direct"}]
        body = {"model": model, "stream": True, "messages": messages}
        ask = Ask(self._plan.fake_port, "/v1/chat/completions", body)
        self._stream("direct", ask, due, lambda take: self._compare("plain", take, whole=True))

    def _stream(self, name: str, ask: Ask, due: float, check: Callable[[Take], None]) -> bool:
        recorder = self._recorder
        recorder.count("started", time.monotonic())
        reader = ChunkReader() if name == "direct" else EventReader()
        try:
            take = chat(ask, reader)
            check(take)
        except (OSError, HTTPException, ChatFailed, ValueError) as failure:
            self._failed(name, due, failure)
            return False
        finally:
            recorder.count("ended", time.monotonic())
        self._note(name, take, due, paced=not ask.bytes_per_second)
        self._report(name, take.ended - due, None)
        return True

    def _compare(self, profile: str, take: Take, *, whole: bool) -> None:
        expected = self._plan.profiles[profile].answer
        if whole and take.answer.digest() == self._digests[profile]:
            self._recorder.count("verified", take.ended)
        elif not whole and take.answer.begins(expected):
            self._recorder.count("left" if take.left else "broken as planned", take.ended)
        else:
            self._recorder.count("wrong", take.ended)
            raise ChatFailed(f"{profile}: the text is not that of the cassette")

    def _note(self, name: str, take: Take, due: float, *, paced: bool) -> None:
        note = self._recorder.note
        if name != "direct":
            note("first_event", (take.first_event - due) * 1e6, take.first_event)
        if take.first_answer:
            note(f"first_answer/{name}", (take.first_answer - due) * 1e6, take.first_answer)
        if not take.left:
            note(f"full/{name}", (take.ended - due) * 1e6, take.ended)
        for gap in take.gaps if paced else ():
            note(f"gap/{name}", gap * 1e6, take.ended)
        for _ in range(len(take.gaps) + 1):
            self._recorder.count("pieces", take.ended)

    def _failed(self, name: str, due: float, failure: Exception) -> None:
        now = time.monotonic()
        self._recorder.count("failed", now)
        self._recorder.problem(f"{name}: {type(failure).__name__}: {failure}")
        self._report(name, now - due, failure)

    def _logged_in(self, seconds: float, at: float) -> None:
        self._recorder.count("logins", at)
        self._recorder.note("login", seconds * 1e6, at)
        self._report("login", seconds, None)
