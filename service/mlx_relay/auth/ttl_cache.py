"""Remembers what a look-up gave, for a few seconds, so that a stream does not wait for it."""

import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

MAX_AGE_SECONDS = 5.0
MAX_ENTRIES = 10_000

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


class TtlCache(Generic[_Key, _Value]):
    """Wraps *load*; what it raises is not remembered."""

    def __init__(
        self,
        load: Callable[[_Key], Awaitable[_Value]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._load = load
        self._clock = clock
        self._entries: dict[_Key, tuple[float, _Value]] = {}

    async def get(self, key: _Key) -> _Value:
        entry = self._entries.get(key)
        asked_at = self._clock()
        if entry and asked_at - entry[0] < MAX_AGE_SECONDS:
            return entry[1]
        value = await self._load(key)
        self._entries.pop(key, None)
        # The age counts from before the look-up: what it gave may have been old by its end.
        self._entries[key] = (asked_at, value)
        if len(self._entries) > MAX_ENTRIES:
            del self._entries[next(iter(self._entries))]
        return value

    def clear(self) -> None:
        self._entries.clear()
