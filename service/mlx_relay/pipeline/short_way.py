"""The bytes of one read in; the one event that they are, out, without asking any stage.

Nearly every read is one message with one piece of text, of the same kind as the one before, and
changes nothing in any stage. What it costs is calls; so it is known beforehand what would change a
stage, and a read without any of that takes this way.
"""

from typing import Final

from mlx_relay.events import Response, Thinking
from mlx_relay.pipeline.pieces import Pieces
from mlx_relay.pipeline.voice import Voice

MAX_READ_BYTES: Final = 16 * 1024
"""A longer read is no token; sinks may keep what came this way for a moment."""


class ShortWay:
    """Open from one look at the stages to their next change, for *reads* reads at most.

    What *pieces* reads leaves as events of the kind *kind*. *voice* says them, and is told at the
    end what it has not seen.
    """

    __slots__ = (
        "_changes",
        "_characters",
        "_pieces",
        "_reads",
        "_room",
        "_voice",
        "bytes_taken",
        "kind",
        "reads_taken",
    )

    def __init__(
        self, voice: Voice, kind: type[Response] | type[Thinking], pieces: Pieces, *, reads: int
    ) -> None:
        self.kind = kind
        self.reads_taken = 0
        self.bytes_taken = 0
        self._reads = reads
        self._pieces = pieces
        self._changes = voice.changes
        self._voice = voice
        self._characters = 0
        self._room = voice.room

    def take(self, data: bytes) -> Response | Thinking | None:
        """Return the event that *data* is; None, and nothing is taken, if it is not just one."""
        if len(data) > MAX_READ_BYTES or self.reads_taken == self._reads:
            return None
        text = self._pieces.read(data)
        if not text or self._changes.search(text):
            return None
        characters = self._characters + len(text)
        if characters > self._room:
            return None
        self._characters = characters
        self.reads_taken += 1
        self.bytes_taken += len(data)
        return self.kind(text)

    def close(self) -> None:
        """Take nothing more."""
        self._reads = self.reads_taken
        self._voice.passed(self._characters)
