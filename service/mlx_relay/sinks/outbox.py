"""Items from the event loop in; batches to a server out, by a thread. Nobody waits to put.

The outbox is bounded in items and bytes. When it is full the oldest item goes: after a long
absence the server gets what happened last, and no batch that it refuses can stand in the way for
ever. An item leaves the outbox when it is delivered, not before, so each is delivered at least
once. Every item that is lost is counted, and the server's absence is logged once; *on_health* is
told why it is away, and None when it is back.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from itertools import islice
from typing import Generic, TypeVar

import structlog

MAX_BYTES = 64 * 1024 * 1024
FIRST_RETRY_SECONDS = 0.5
LAST_RETRY_SECONDS = 30.0

_log = structlog.get_logger(__name__)

Item = TypeVar("Item")


class Outbox(Generic[Item]):
    """*deliver* is called in the thread with a batch, and raises if the batch must go again."""

    def __init__(
        self,
        name: str,
        deliver: Callable[[list[Item]], None],
        on_loss: Callable[[int], None],
        on_health: Callable[[str | None], None],
        *,
        max_items: int,
        batch_size: int,
        max_bytes: int = MAX_BYTES,
        first_retry_seconds: float = FIRST_RETRY_SECONDS,
    ) -> None:
        self._name = name
        self._deliver = deliver
        self._on_loss = on_loss
        self._on_health = on_health
        self._max_items = max_items
        self._max_bytes = max_bytes
        self._batch_size = batch_size
        self._first_retry_seconds = first_retry_seconds
        self._items: deque[tuple[Item, int]] = deque()
        self._bytes = 0
        self._in_flight = 0
        self._lost_now = 0
        self._closes_at: float | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name=f"{name}-outbox", daemon=True)
        self._thread.start()

    def put(self, item: Item, size: int = 0) -> None:
        """Take *item* of *size* bytes; the oldest that is not on its way makes room for it."""
        with self._changed:
            self._items.append((item, size))
            self._bytes += size
            while len(self._items) > self._max_items or self._bytes > self._max_bytes:
                if len(self._items) == self._in_flight:
                    break
                self._bytes -= self._items[self._in_flight][1]
                del self._items[self._in_flight]
                self._lose(1)
            self._changed.notify_all()

    def close(self, seconds: float) -> None:
        """Deliver what is here within *seconds*; what is left then is lost, and counted."""
        with self._changed:
            self._closes_at = time.monotonic() + seconds
            self._changed.notify_all()
        self._thread.join(seconds)
        with self._changed:
            if self._items:
                self._lose(len(self._items))
                self._items.clear()
                self._in_flight = 0
        if self._lost_now:
            _log.error("sink_lost", sink=self._name, lost=self._lost_now)

    def _run(self) -> None:
        retry_seconds = 0.0
        while batch := self._next_batch():
            if self._try_to_deliver(batch, is_first_try=not retry_seconds):
                retry_seconds = 0.0
                continue
            retry_seconds = min(
                max(self._first_retry_seconds, retry_seconds * 2), LAST_RETRY_SECONDS
            )
            if not self._may_try_again_after(retry_seconds):
                return

    def _next_batch(self) -> list[Item]:
        """Wait for items; empty when the outbox is closed and has none."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closes_at is not None)
            batch = [item for item, _ in islice(self._items, self._batch_size)]
            self._in_flight = len(batch)
            return batch

    def _try_to_deliver(self, batch: list[Item], *, is_first_try: bool) -> bool:
        try:
            self._deliver(batch)
        except Exception as error:  # noqa: BLE001 - a client library may raise anything
            with self._changed:
                self._in_flight = 0
            if is_first_try:
                self._on_health(_reason(error))
                _log.error("sink_unreachable", sink=self._name, error=type(error).__name__)
            return False
        self._remove_delivered()
        if not is_first_try:
            self._on_health(None)
            _log.warning("sink_recovered", sink=self._name, lost=self._take_lost())
        return True

    def _remove_delivered(self) -> None:
        with self._changed:
            for _ in range(self._in_flight):
                self._bytes -= self._items.popleft()[1]
            self._in_flight = 0

    def _may_try_again_after(self, seconds: float) -> bool:
        """Wait *seconds*; an outbox that closes tries at once, and then often until its time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closes_at is not None, seconds)
            if self._closes_at is None:
                return True
            left = self._closes_at - time.monotonic()
            if left <= 0:
                return False
        time.sleep(min(left, self._first_retry_seconds))
        return True

    def _lose(self, count: int) -> None:
        self._lost_now += count
        self._on_loss(count)

    def _take_lost(self) -> int:
        with self._changed:
            lost, self._lost_now = self._lost_now, 0
            return lost


def _reason(error: Exception) -> str:
    """Return the system's words if it was the system: they name no path and no secret."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return type(error).__name__
