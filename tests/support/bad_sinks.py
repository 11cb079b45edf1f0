"""Sinks that misbehave, for the real service: ``support.bad_sinks:RaisesInSend`` and so on.

Each writes down what it did take, so that a test can hold it against what the relay counted.
"""

import asyncio
import os
import queue
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.05
QUEUE_SIZE = 10


class _Sinks:
    """A factory whose sinks, of the class *sink*, take everything."""

    sink: "type[_Sink]"

    def __init__(self, context: Any) -> None:
        self.context = context
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self.file = os.open(context.settings["path"], flags, 0o600)

    def open(self, stream: object) -> "_Sink":
        return self.sink(self)

    def note(self, what: str, count: int) -> None:
        os.write(self.file, b"%b %d\n" % (what.encode(), count))

    async def close(self) -> None:
        """Nothing to close."""


class _Sink:
    def __init__(self, sinks: Any) -> None:
        self.sinks = sinks

    def send(self, events: Sequence[Any]) -> None:
        self.sinks.note("events", len(events))

    async def drain(self) -> None:
        """Never called."""

    async def close(self, outcome: object) -> None:
        self.sinks.note("streams", 1)


class RaisesInOpen(_Sinks):
    def open(self, stream: object) -> _Sink:
        raise RuntimeError("broken")


class RaisesInSend(_Sinks):
    class sink(_Sink):  # noqa: N801 - an attribute that is a class
        def send(self, events: Sequence[Any]) -> None:
            raise RuntimeError("broken")


class RaisesInClose(_Sinks):
    class sink(_Sink):  # noqa: N801 - as above
        async def close(self, outcome: object) -> None:
            raise RuntimeError("broken")


class RaisesInReceive(_Sinks):
    class sink(_Sink):  # noqa: N801 - as above
        def receive(self, data: bytes, at: float) -> None:
            raise RuntimeError("broken")


class HangsInClose(_Sinks):
    class sink(_Sink):  # noqa: N801 - as above
        async def close(self, outcome: object) -> None:
            await asyncio.sleep(3600)


class BlocksInSend(_Sinks):
    """Blocks in its first call until there is a file ``<path>.go``; ``blocks`` is noted before."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.go = Path(context.settings["path"] + ".go")
        self.has_blocked = False

    def block(self) -> None:
        self.has_blocked = True
        self.note("blocks", 1)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.go.exists() and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)

    class sink(_Sink):  # noqa: N801 - as above
        def send(self, events: Sequence[Any]) -> None:
            if not self.sinks.has_blocked:
                self.sinks.block()
            super().send(events)


class HangsInItsThread(_Sinks):
    """Gives events to a thread that never takes the second; loses what its queue cannot hold."""

    def __init__(self, context: Any) -> None:
        super().__init__(context)
        self.events: queue.Queue[Any] = queue.Queue(QUEUE_SIZE)
        self.hangs = threading.Event()
        threading.Thread(target=self._hang, daemon=True).start()

    def _hang(self) -> None:
        self.events.get()
        self.note("hangs", 1)
        self.hangs.set()
        threading.Event().wait()

    class sink(_Sink):  # noqa: N801 - as above
        def send(self, events: Sequence[Any]) -> None:
            for event in events:
                try:
                    self.sinks.events.put_nowait(event)
                    self.sinks.note("own_events", 1)
                    # From the first on: what finds room afterwards must not hang on a race.
                    self.sinks.hangs.wait(PATIENCE_SECONDS)
                except queue.Full:
                    self.sinks.context.count_loss("own_events")
