"""Lines from the event loop in; chunks of lines for the disk out. Nobody waits to put.

The queue is bounded in bytes: what finds no room is refused and counted. Half of the room is for
starts and ends alone, so that a flood of events pushes out no stream's end. A chunk leaves the
queue when it is written, not before: a disk that is full for a while costs nothing but patience.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple

QUEUE_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 256 * 1024
LINGER_SECONDS = 0.02
"""How long events alone wait for company: a wake-up costs more than a write."""


class Line(NamedTuple):
    """A record as the file has it, and what it is to its stream."""

    data: bytes
    stream_id: str
    mark: Literal["start", "events", "end", "gap"]


class Missing(NamedTuple):
    """What was refused: how many lines in all, and the streams that started and lack an end."""

    lines: int
    ends: frozenset[str]


class LineQueue:
    """Between the loop and the thread that writes; *on_loss* is told how many lines were lost."""

    def __init__(self, on_loss: Callable[[int], None], max_bytes: int = QUEUE_BYTES) -> None:
        self._on_loss = on_loss
        self._max_bytes = max_bytes
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._is_urgent = False
        self._is_closed = False
        self._refused = 0
        self._owed: set[str] = set()
        self._changed = threading.Condition()

    def put(self, line: Line) -> bool:
        """Take *line* if there is room; never waits for the disk."""
        with self._changed:
            limit = self._max_bytes // 2 if line.mark == "events" else self._max_bytes
            if self._is_closed or self._bytes + len(line.data) > limit:
                self._refused += 1
                self._on_loss(1)
                return False
            self._add(line)
            return True

    def put_anyway(self, lines: Iterable[Line]) -> None:
        """Take *lines* however full the queue is: there are few, and they set right what was."""
        with self._changed:
            for line in lines:
                self._add(line)

    def owe_end(self, stream_id: str) -> None:
        """Remember a stream whose start was taken and whose end was refused."""
        with self._changed:
            self._owed.add(stream_id)

    def chunk(self, timeout: float | None) -> list[Line]:
        """Wait for lines, *timeout* or ``close``; return the first of them, which stay here."""
        with self._changed:
            self._changed.wait_for(lambda: self._lines or self._is_closed, timeout)
            if self._lines:
                self._changed.wait_for(lambda: self._is_urgent or self._is_closed, LINGER_SECONDS)
            return self._first()

    def written(self, chunk: list[Line]) -> None:
        """Remove *chunk*, the first lines of the queue."""
        with self._changed:
            for line in chunk:
                self._lines.popleft()
                self._bytes -= len(line.data)
            self._is_urgent = any(line.mark != "events" for line in self._lines)

    def take_missing(self) -> Missing | None:
        """Return what was refused since the last time, once all that was taken is written."""
        with self._changed:
            if self._lines or not (self._refused or self._owed):
                return None
            missing = Missing(self._refused, frozenset(self._owed))
            self._refused = 0
            self._owed.clear()
            return missing

    @property
    def is_closed(self) -> bool:
        return self._is_closed

    def wait_for_close(self, seconds: float) -> None:
        """Wait for ``close``, at most *seconds*."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed, seconds)

    def close(self) -> None:
        """Take nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def give_up(self) -> None:
        """Count what is still here as lost."""
        with self._changed:
            if self._lines:
                self._on_loss(len(self._lines))

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        self._bytes += len(line.data)
        self._is_urgent = self._is_urgent or line.mark != "events"
        if self._is_urgent or len(self._lines) == 1:
            self._changed.notify_all()

    def _first(self) -> list[Line]:
        chunk: list[Line] = []
        size = 0
        for line in self._lines:
            size += len(line.data)
            if chunk and size > CHUNK_BYTES:
                break
            chunk.append(line)
        return chunk
