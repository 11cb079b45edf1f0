"""Events in; all of them, when the stream has ended, out. For a request that wants no stream."""

from collections.abc import Sequence

from mlx_relay.events import Error, Event
from mlx_relay.sinks import Outcome


class GatheringSink:
    """A ClientSink that keeps what comes: the pipeline limits how much one stream may bring."""

    is_full = False
    is_stalled = False

    def __init__(self) -> None:
        self.events: list[Event] = []

    @property
    def failure(self) -> Error | None:
        last = self.events[-1] if self.events else None
        return last if isinstance(last, Error) else None

    def send(self, events: Sequence[Event]) -> None:
        self.events += events

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        del outcome
