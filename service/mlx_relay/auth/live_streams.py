"""Streams and what let each of them in; those whose grant has ended are ended.

Whether a grant still stands is asked of ``find_ended``, now and then, for all streams together and
only while there are any. So it does not matter who ended it: this process, another one, another
machine, or a command. ``look`` asks at once; whoever hears of a change sooner may call it.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from typing import TypeAlias

import structlog

from mlx_relay.errors import Unavailable
from mlx_relay.grants import Grant

LOOK_SECONDS = 2.0
"""Five are promised. A look costs a millisecond, which streams at full speed do feel."""

End: TypeAlias = Callable[[], None]
FindEnded: TypeAlias = Callable[[Collection[Grant]], Awaitable[Collection[Grant]]]

_log = structlog.get_logger(__name__)


class LiveStreams:
    """The streams of one process."""

    def __init__(self, find_ended: FindEnded, *, look_seconds: float = LOOK_SECONDS) -> None:
        self._find_ended = find_ended
        self._look_seconds = look_seconds
        self._ends: defaultdict[Grant, set[End]] = defaultdict(set)
        self._wake = asyncio.Event()

    @contextmanager
    def hold(self, grant: Grant, end: End) -> Iterator[None]:
        """Call *end* if *grant* ends within the block; maybe more than once."""
        self._ends[grant].add(end)
        try:
            yield
        finally:
            self._ends[grant].discard(end)
            if not self._ends[grant]:
                del self._ends[grant]

    def look(self) -> None:
        self._wake.set()

    async def watch(self) -> None:
        """End what has to end, until cancelled."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look_seconds):
                    await self._wake.wait()
            self._wake.clear()
            if self._ends:
                await self._look_once()

    async def _look_once(self) -> None:
        """End what has to end. While the database is gone, streams go on."""
        try:
            ended = await self._find_ended(list(self._ends))
            for grant in ended:
                for end in list(self._ends.get(grant, ())):
                    end()
        except Unavailable:
            return
        except Exception:  # noqa: BLE001 - a bug must not end the look-out for good
            _log.exception("look_for_ended_grants_failed")
