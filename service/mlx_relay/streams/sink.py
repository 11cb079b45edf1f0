"""The events of a resumable stream in; its log out. It is the client's sink, and never full."""

from collections.abc import Sequence

from mlx_relay.errors import StreamError
from mlx_relay.events import Done, Error, Event, encode
from mlx_relay.sinks import Outcome
from mlx_relay.streams.buffers import StreamBuffers
from mlx_relay.streams.log import StreamLog


class LogSink:
    """A ClientSink that is always there: the pace is the upstream's, whoever reads."""

    is_full = False
    is_stalled = False

    def __init__(self, buffers: StreamBuffers, log: StreamLog) -> None:
        self._buffers = buffers
        self._log = log

    def send(self, events: Sequence[Event]) -> None:
        is_last = isinstance(events[-1], Done | Error)
        self._buffers.append(self._log, [encode(event) for event in events], is_last=is_last)

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        """End the log also where the stream was cancelled: its readers wait for an end."""
        del outcome
        if not self._log.is_over:
            self.send([Error.from_failure(StreamError("shutting_down", "drain"))])
