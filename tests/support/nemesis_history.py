"""What is known after a nemesis run: what each side saw. Also reads the lines of the log.

Four witnesses tell of the same streams: the clients, the log, the metrics and the fake's journal.
Events stay the bytes that they were on the wire, so that two witnesses can be compared exactly.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec

Ending: TypeAlias = Literal["whole", "broken", "left"]
"""Of an answer, as its client saw it: it came to its end, it broke off, or the client left."""

LifeEnd: TypeAlias = Literal["killed", "stopped", "quiet"]
"""Of a relay process: by SIGKILL, by SIGTERM, or by SIGTERM when nothing went on any more."""


class ClientStream(NamedTuple):
    """One answer as its client got it. Each word that is for it begins with its *canary*."""

    request: str
    canary: str
    ending: Ending
    stream_id: str = ""
    events: Mapping[int, bytes] = {}
    """By the number in ``id:``, in the order in which they came."""


class LoggedEnd(NamedTuple):
    """How the log says a stream ended."""

    kind: str
    code: str | None = None
    cause: str | None = None


class LoggedStream(NamedTuple):
    """What the log has of one stream. *at* is when it started, in seconds of Unix time."""

    at: float
    events: Mapping[int, bytes]
    ends: tuple[LoggedEnd, ...]
    repeated: tuple[int, ...] = ()
    """Numbers of events that the log has twice."""


class Sent(NamedTuple):
    """One request as the fake had it: what it *said* in all, if its journal knows that."""

    request: str
    said: str | None = None


class Life(NamedTuple):
    """One relay process: when it came and went, and what its metrics counted when asked last."""

    began: float
    ended: float
    end: LifeEnd
    counted: Mapping[str, int] = {}
    """Streams by outcome."""
    active: int = 0


class History(NamedTuple):
    """The whole run; *texts* are what a stream says in all, by its canary."""

    clients: tuple[ClientStream, ...]
    log: Mapping[str, LoggedStream]
    sent: tuple[Sent, ...]
    lives: tuple[Life, ...]
    texts: Mapping[str, str]
    torn_lines: int = 0
    admitted_losses: int = 0
    """Records that the log says it lost."""


class _Line(msgspec.Struct, tag_field="record"):
    """What matters of a line of the log; see ``mlx_relay.sinks.records``."""


class _Started(_Line, tag="stream_started"):
    stream_id: str
    started_at: datetime


class _Events(_Line, tag="events"):
    stream_id: str
    first: int
    events: list[msgspec.Raw]


class _Ended(_Line, tag="stream_ended"):
    stream_id: str
    started_at: datetime
    kind: str
    code: str | None = None
    cause: str | None = None


class _Gap(_Line, tag="log_gap"):
    lost: int


class LogBook:
    """Lines of the log in, streams out."""

    def __init__(self) -> None:
        self.torn_lines = 0
        self.admitted_losses = 0
        self._at: dict[str, float] = {}
        self._events: dict[str, dict[int, bytes]] = {}
        self._repeated: dict[str, list[int]] = {}
        self._ends: dict[str, list[LoggedEnd]] = {}
        self._decoder = msgspec.json.Decoder(_Started | _Events | _Ended | _Gap)

    def read(self, files: Iterable[Path]) -> None:
        for file in files:
            *lines, rest = file.read_bytes().split(b"\n")
            self.torn_lines += bool(rest)
            for line in lines:
                self._take(line)

    def streams(self) -> dict[str, LoggedStream]:
        return {
            stream_id: LoggedStream(
                at,
                self._events.get(stream_id, {}),
                tuple(self._ends.get(stream_id, [])),
                tuple(self._repeated.get(stream_id, [])),
            )
            for stream_id, at in self._at.items()
        }

    def _take(self, line: bytes) -> None:
        try:
            record = self._decoder.decode(line)
        except msgspec.DecodeError:
            self.torn_lines += 1
            return
        match record:
            case _Started():
                self._note_start(record)
            case _Events():
                self._add(record)
            case _Ended():
                self._note_start(record)
                end = LoggedEnd(record.kind, record.code, record.cause)
                self._ends.setdefault(record.stream_id, []).append(end)
            case _Gap():
                self.admitted_losses += record.lost

    def _note_start(self, record: _Started | _Ended) -> None:
        self._at.setdefault(record.stream_id, record.started_at.timestamp())

    def _add(self, record: _Events) -> None:
        events = self._events.setdefault(record.stream_id, {})
        for number, event in enumerate(record.events, record.first):
            if number in events:
                self._repeated.setdefault(record.stream_id, []).append(number)
            events[number] = bytes(event)


def as_event(data: bytes) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(data)
    return event


def said_in(events: Mapping[int, bytes]) -> str:
    """Return all text in *events*, thinking and answer, in the order of their numbers."""
    found = (as_event(events[number]) for number in sorted(events))
    return "".join(one["content"] for one in found if one["type"] in ("thinking", "response"))


def terminals_in(events: Mapping[int, bytes]) -> list[int]:
    """Return the numbers of the terminal events."""
    return [n for n, data in events.items() if as_event(data)["type"] in ("done", "error")]
