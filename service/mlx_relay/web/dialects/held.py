"""Events in before the answer has a head; the same events, to the client's sink, once it has.

The head says whether the request went well, so it waits until that is known.
"""

import asyncio
from collections.abc import Sequence

from mlx_relay.events import Done, Error, Event, Response, Thinking, ToolCall
from mlx_relay.sinks import ClientSink, Outcome

_TELLING = (Thinking, Response, ToolCall, Done, Error)
"""The events that tell how a request goes; what comes before them only says that it waits."""


class HeldSink:
    """A ClientSink that keeps what comes until ``open`` says where it goes.

    It is full from the first telling event on, so that no more comes than the answer's head takes.
    """

    def __init__(self) -> None:
        self._sink: ClientSink | None = None
        self._held: list[Event] = []
        self._first: Event | None = None
        self._is_told = asyncio.Event()
        self._is_decided = asyncio.Event()

    @property
    def is_full(self) -> bool:
        return self._sink.is_full if self._sink else self._first is not None

    @property
    def is_stalled(self) -> bool:
        return self._sink.is_stalled if self._sink else False

    async def failure(self, seconds: float) -> Error | None:
        """Wait *seconds* at most; return the error if the stream failed before it said anything."""
        try:
            async with asyncio.timeout(seconds):
                await self._is_told.wait()
        except TimeoutError:
            return None
        if not isinstance(self._first, Error):
            return None
        self._is_decided.set()
        return self._first

    def open(self, sink: ClientSink) -> None:
        """Give *sink* what was held, and from now on all that comes."""
        self._sink = sink
        sink.send(self._held)
        self._held = []
        self._is_decided.set()

    def send(self, events: Sequence[Event]) -> None:
        if self._sink:
            self._sink.send(events)
            return
        self._held += events
        if self._first is None:
            self._first = next((event for event in events if isinstance(event, _TELLING)), None)
            if self._first:
                self._is_told.set()

    async def drain(self) -> None:
        """Wait until the client's sink takes more, or until there will be none."""
        await self._is_decided.wait()
        if self._sink:
            await self._sink.drain()

    async def close(self, outcome: Outcome) -> None:
        if self._sink:
            await self._sink.close(outcome)
