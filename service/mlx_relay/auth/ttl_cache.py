"""Remembers what a look-up gave, for a few seconds, so that a stream does not wait for it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar
from weakref import WeakValueDictionary

MAX_AGE_SECONDS = 5.0
MAX_ENTRIES = 10_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class TtlCache(Generic[_Key, _Value]):
    """Wraps *load*; what it raises is not remembered.

    Of those who miss the same key at once one looks it up and the others wait for what it finds.
    """

    def __init__(
        self,
        load: Callable[[_Key], Awaitable[_Value]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._clock = clock
        self._entries: dict[_Key, tuple[float, _Value]] = {}
        self._loading: WeakValueDictionary[_Key, asyncio.Lock] = WeakValueDictionary()
        self._generation = 0

    async def get(self, key: _Key) -> _Value:
        entry = self._fresh(key)
        if entry is None:
            async with self._loading.setdefault(key, asyncio.Lock()):
                entry = self._fresh(key) or await self._look_up(key)
        return entry[1]

    def clear(self) -> None:
        """Forget everything, also what is being looked up just now."""
        self._entries.clear()
        self._generation += 1

    def _fresh(self, key: _Key) -> tuple[float, _Value] | None:
        entry = self._entries.get(key)
        return entry if entry and self._clock() - entry[0] < MAX_AGE_SECONDS else None

    async def _look_up(self, key: _Key) -> tuple[float, _Value]:
        # The age counts from before the look-up: what it gave may have been old by its end.
        asked_at, generation = self._clock(), self._generation
        entry = (asked_at, await self._load(key))
        if generation == self._generation:
            self._entries.pop(key, None)
            self._entries[key] = entry
            if len(self._entries) > MAX_ENTRIES:
                del self._entries[next(iter(self._entries))]
        return entry
