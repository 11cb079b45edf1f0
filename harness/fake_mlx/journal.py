"""What the fake saw: one entry per request, as JSON. Bounded; the oldest entries go first.

Moments are seconds on the machine's monotonic clock, which a client on the same machine shares.
"""

from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from fake_mlx.http1 import Request
from fake_mlx.matching import Question
from fake_mlx.redaction import shown_in_journal
from fake_mlx.replay import UNKNOWN

State: TypeAlias = Literal["streaming", "done", "client_left"]

MOST_ENTRIES: Final = 4096
LARGEST_BODY: Final = 64 * 1024
MOST_STAMPS: Final = 100_000
OWN_PATHS: Final = "/_fake/"

_PER_CHUNK: Final = ("sent_at", "sent_sizes", "sent_checksums")


@dataclass
class Entry:
    """One request and what became of it.

    *bytes* and *chunks* count what was sent of the body's *total_bytes* and *total_chunks*; an
    *endless* one goes on beyond them. *state* is ``done`` once the replay ended as its cassette
    does, ``client_left`` when the client went before that, which was noticed at *finished*.
    *faults* are those that lay over it, each with its place.
    """

    id: int
    method: str
    path: str
    headers: list[tuple[str, str]]
    body: Any
    body_bytes: int
    model: str | None
    started: float
    cassette: str | None = None
    status: int | None = None
    faults: list[str] = field(default_factory=list)
    state: State = "streaming"
    finished: float | None = None
    bytes: int = 0
    total_bytes: int = 0
    chunks: int = 0
    total_chunks: int = 0
    endless: bool = False
    sent_at: "array[float]" = field(default_factory=lambda: array("d"))
    sent_sizes: "array[int]" = field(default_factory=lambda: array("q"))
    sent_checksums: "array[int]" = field(default_factory=lambda: array("q"))

    def sent(self, size: int, at: float, checksum: int = UNKNOWN) -> None:
        """Note that one chunk of *size* body bytes went out, and the CRC-32 of them."""
        self.bytes += size
        self.chunks += 1
        if len(self.sent_at) < MOST_STAMPS:
            self.sent_at.append(at)
            self.sent_sizes.append(size)
            self.sent_checksums.append(checksum)

    def sent_together(self, sizes: Sequence[int], at: float, checksums: Sequence[int]) -> None:
        """Note that several chunks went out at once."""
        self.bytes += sum(sizes)
        self.chunks += len(sizes)
        room = max(0, MOST_STAMPS - len(self.sent_at))
        self.sent_at.extend([at] * len(sizes[:room]))
        self.sent_sizes.extend(sizes[:room])
        self.sent_checksums.extend(checksums[:room])

    def finish(self, state: State, at: float) -> None:
        self.state = state
        self.finished = at

    def as_json(self, *, stamps: bool) -> dict[str, Any]:
        """Return the entry as a JSON object; with *stamps* all of every chunk.

        What is unsent is what a client that left has spared the fake; None where that has no end.
        """
        shown = {
            **vars(self),
            "client_left_ms": self._client_left_ms(),
            "unsent_bytes": None if self.endless else self.total_bytes - self.bytes,
            "unsent_chunks": None if self.endless else self.total_chunks - self.chunks,
        }
        for name in _PER_CHUNK:
            values = list(shown.pop(name))
            if stamps:
                shown[name] = values
        return shown

    def _client_left_ms(self) -> float | None:
        if self.state != "client_left" or self.finished is None:
            return None
        return round((self.finished - self.started) * 1000, 3)


class Journal:
    """The entries of one fake."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MOST_ENTRIES)
        self._last_id = 0

    def open(self, request: Request, question: Question, at: float) -> Entry:
        """Return a new entry for *request*, which asks the library *question*.

        A look at the journal gets one too, but leaves no trace in it.
        """
        size = len(request.body)
        entry = Entry(
            id=self._last_id + 1,
            method=request.method,
            path=request.target,
            headers=shown_in_journal(request.headers),
            body=question.body if size <= LARGEST_BODY else None,
            body_bytes=size,
            model=question.model,
            started=at,
        )
        if not request.path.startswith(OWN_PATHS):
            self._last_id = entry.id
            self._entries.append(entry)
        return entry

    def clear(self) -> int:
        """Forget all entries and return how many there were; ids go on."""
        count = len(self._entries)
        self._entries.clear()
        return count

    def as_json(self, *, stamps: bool = False) -> list[dict[str, Any]]:
        return [entry.as_json(stamps=stamps) for entry in self._entries]
