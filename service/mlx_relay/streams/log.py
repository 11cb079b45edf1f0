"""The events of one stream in; the same, from any number on, to each of its readers out.

Readers do not know of each other: each goes at its own pace, none holds up the stream. What a log
may keep is bounded: the oldest events go first, and who still needs them is told.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from typing import Final, NamedTuple

from mlx_relay.errors import Gone

PIECE_EVENTS: Final = 256
"""What a reader is given at once: a log may be long, and a client slow."""

OVERHEAD_BYTES: Final = 64
"""What an event costs in memory besides its text."""


class StreamKey(NamedTuple):
    """A stream, and whose it is: so that another user's is not there, like one that never was."""

    user_id: int
    stream_id: str


class Piece(NamedTuple):
    """Events as SSE, up to number *last*."""

    last: int
    events: bytes


class StreamLog:
    """Numbers events from 1 as ``SseSink`` does; *first* to *last* are kept.

    *has_reader* and *has_no_reader* are events to wait for; one of them is set.
    """

    def __init__(self, key: StreamKey, max_bytes: int) -> None:
        self.key = key
        self.first = 1
        self.last = 0
        self.bytes = 0
        self.is_over = False
        self.has_reader = asyncio.Event()
        self.has_no_reader = asyncio.Event()
        self.has_no_reader.set()
        self.readers = 0
        self._max_bytes = max_bytes
        self._events: list[bytes] = []
        self._grown = asyncio.Event()

    def append(self, events: Sequence[bytes], *, is_last: bool) -> None:
        """Keep *events*, each of them one line of JSON; nothing follows when one *is_last*."""
        for event in events:
            self.last += 1
            message = b"id: %d\ndata: %b\n\n" % (self.last, event)
            self._events.append(message)
            self.bytes += len(message) + OVERHEAD_BYTES
        self.is_over = is_last
        if self.bytes > self._max_bytes:
            # Not one by one: what is left moves in memory each time.
            self.shrink(self.bytes - self._max_bytes + self._max_bytes // 8)
        self._grown.set()
        self._grown = asyncio.Event()

    def shrink(self, size: int) -> None:
        """Give up the oldest events, *size* bytes of them or more; never the newest."""
        count = 0
        while size > 0 and count < len(self._events) - 1:
            freed = len(self._events[count]) + OVERHEAD_BYTES
            self.bytes -= freed
            size -= freed
            count += 1
        del self._events[:count]
        self.first += count

    def since(self, after: int) -> list[bytes]:
        """Return what follows event number *after*, or the first piece of it; raises Gone."""
        if after + 1 < self.first:
            raise Gone
        start = after + 1 - self.first
        return self._events[start : start + PIECE_EVENTS]

    async def locate(self, after: int) -> int | None:
        """See ``Source``."""
        if after >= self.last:
            return None if self.is_over else self.last
        self.since(after)
        return after

    async def follow(self, position: int) -> AsyncGenerator[Piece, None]:
        """See ``Source``."""
        with self._reading():
            while True:
                # Before the look: what comes between the two is not missed.
                grown = self._grown
                if events := self.since(position):
                    position += len(events)
                    yield Piece(position, b"".join(events))
                elif self.is_over:
                    return
                else:
                    await grown.wait()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        self.readers += 1
        self._tell()
        try:
            yield
        finally:
            self.readers -= 1
            self._tell()

    def _tell(self) -> None:
        now, then = self.has_reader, self.has_no_reader
        if not self.readers:
            now, then = then, now
        now.set()
        then.clear()
