"""Failures of one sink in; whether a stream may have the sink out.

A sink that raised is cut out of the process: new streams go without it until a moment, then one
stream tries it. Trials come after 1 s, 2 s, 4 s and so on, at most 60 s apart. A trial that ends
well lets the sink in again. Both turns are logged once.
"""

import time
from collections.abc import Callable

import structlog

from mlx_relay.sinks.health import SinkHealth

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0

_log = structlog.get_logger(__name__)


class Breaker:
    """Stands before the sink *name*; one per process."""

    def __init__(
        self, name: str, health: SinkHealth, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.health = health
        self.clock = clock
        self._retry_at: float | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS

    @property
    def is_cut_out(self) -> bool:
        return self._retry_at is not None

    def admits(self) -> bool:
        """Return whether a new stream may have the sink; it may be the one that tries it."""
        if self._retry_at is None:
            return True
        now = self.clock()
        if now < self._retry_at:
            return False
        self._retry_seconds = min(self._retry_seconds * 2, LAST_RETRY_SECONDS)
        self._retry_at = now + self._retry_seconds
        return True

    def failed(self, reason: str) -> None:
        """Count a failure, and cut the sink out if it is not."""
        self.health.count_failure(self.name)
        if self._retry_at is None:
            self._retry_seconds = FIRST_RETRY_SECONDS
            self._retry_at = self.clock() + self._retry_seconds
            self.health.cut_out(self.name, reason)
            _log.error("sink_failed", sink=self.name, error=reason)

    def recovered(self) -> None:
        """Let the sink in again: a trial went well."""
        self._retry_at = None
        self.health.cut_out(self.name, None)
        _log.warning("sink_recovered", sink=self.name)
