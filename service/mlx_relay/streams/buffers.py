"""What a place for logs must do, whether it is this process's memory or Redis."""

from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from mlx_relay.streams.log import Piece, StreamKey, StreamLog


class Source(Protocol):
    """A stream, as those who read it see it."""

    async def locate(self, after: int) -> int | None:
        """Return where to begin for a client that has event number *after*; None: it has all.

        A number from the future is the end as it is now. Raises Gone for one that is too old.
        """

    def follow(self, position: int) -> AsyncGenerator[Piece, None]:
        """Yield what follows *position* as it comes, until the stream ends.

        Raises Gone if the reader is so slow that what it needs is not there any more. It may end
        before the stream does: then the client has to come again.
        """


class StreamBuffers(Protocol):
    """Keeps the logs of streams, in bounds, also for a while after they ended."""

    def open(self, key: StreamKey) -> StreamLog:
        """Return the log of a new stream, which this process writes."""

    def append(self, log: StreamLog, events: Sequence[bytes], *, is_last: bool) -> None:
        """Keep *events*; never waits."""

    def own(self, key: StreamKey) -> StreamLog | None:
        """Return the log if this process writes it, or wrote it."""

    async def find(self, key: StreamKey) -> Source:
        """Return the stream, whichever process writes it; raises NotFound, or Unavailable."""

    async def stop_elsewhere(self, key: StreamKey) -> None:
        """Tell the process that writes the stream to end it; raises NotFound, or Unavailable."""

    async def is_read_elsewhere(self, key: StreamKey) -> bool:
        """Return whether a client of another process reads a stream of this one's, or may do so."""

    def end_reading(self) -> None:
        """This process ends: those who read other processes' streams here must come again."""
