"""What a stream is called in Redis, and what an entry of its Redis Stream holds.

An entry is a piece of a log: its id is the number of its last event, so that ``XREAD`` after a
number finds what follows it, and nothing can be added twice.
"""

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

from mlx_relay.errors import Gone
from mlx_relay.streams.log import StreamKey

FEED_SECONDS: Final = 6.0
"""A stream whose process has not said for so long that it writes it has lost its process."""

READ_SECONDS: Final = 6.0
"""The same for a reader at another process."""

RENEW_SECONDS: Final = 1.5
RETRY_SECONDS: Final = 0.5

STOPS: Final = "mlx-relay:stops"
"""A Redis Stream: who wants which stream to end."""
STOPS_KEPT: Final = 1000

EVENTS: Final = b"events"
FIRST: Final = b"first"
IS_LAST: Final = b"last"


def events_name(key: StreamKey) -> str:
    return f"mlx-relay:stream:{key.user_id}:{key.stream_id}"


def fed_name(key: StreamKey) -> str:
    """It is there while a process writes the stream."""
    return f"{events_name(key)}:fed"


def read_name(key: StreamKey) -> str:
    """It is there while another process than the one that writes the stream reads it."""
    return f"{events_name(key)}:read"


class Entry(NamedTuple):
    """Events *first* to *last* of a stream, as SSE; nothing follows them if *is_last*."""

    first: int
    last: int
    events: bytes
    is_last: bool

    @property
    def id(self) -> str:
        return f"{self.last}-0"

    def fields(self) -> dict[Any, Any]:
        """Return what Redis keeps besides the id."""
        last = {IS_LAST: 1} if self.is_last else {}
        return {FIRST: self.first, EVENTS: self.events, **last}

    def after(self, number: int) -> bytes:
        """Return the events after *number*; raises Gone if there is a gap between."""
        if number + 1 < self.first:
            raise Gone
        if number < self.first:
            return self.events
        # JSON on one line holds no blank line.
        return b"".join(self.events.split(b"\n\n", number + 1 - self.first)[-1:])


def to_entry(events: Sequence[bytes], last: int, *, is_last: bool) -> Entry:
    return Entry(last + 1 - len(events), last, b"".join(events), is_last)


def read_entries(found: Iterable[Any]) -> list[Entry]:
    """Return the entries in an answer of Redis: their ids, and their fields."""
    return [
        Entry(int(fields[FIRST]), number_in(entry_id), fields[EVENTS], IS_LAST in fields)
        for entry_id, fields in found
    ]


def number_in(entry_id: bytes) -> int:
    return int(entry_id.partition(b"-")[0])
