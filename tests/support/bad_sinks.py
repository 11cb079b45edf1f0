"""Sinks that misbehave, for the real service: ``support.bad_sinks:RaisesAfter`` and so on."""

import asyncio
from collections.abc import Sequence
from typing import Any


class _Sinks:
    """A factory of itself that takes everything."""

    def __init__(self, context: object) -> None:
        self.sent = 0

    def open(self, stream: object) -> "_Sinks":
        return type(self)(None)

    def send(self, events: Sequence[Any]) -> None:
        self.sent += len(events)

    async def drain(self) -> None:
        """Never called."""

    async def close(self, outcome: object = None) -> None:
        """Nothing to close."""


class RaisesAtOnce(_Sinks):
    def send(self, events: Sequence[Any]) -> None:
        raise RuntimeError("broken")


class RaisesOnOpen(_Sinks):
    def open(self, stream: object) -> _Sinks:
        raise RuntimeError("broken")


class Blocks10SecondsInClose(_Sinks):
    async def close(self, outcome: object = None) -> None:
        await asyncio.sleep(10 if outcome else 0)
