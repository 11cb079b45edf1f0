"""Failures and slow calls of one sink in; whether a stream may have the sink out.

A sink that raised or was slow is cut out of the process: new streams go without it until a moment,
then one stream tries it. Trials come after 1 s, 2 s, 4 s and so on, at most 60 s apart. A trial
that ends well lets the sink in again. Both turns are logged once.

A call that takes longer than ``SLOW_CALL_SECONDS`` keeps every stream of the process waiting. It
cannot be stopped, only not be made again: when such calls add up to more than
``SLOW_BUDGET_SECONDS`` within ``SLOW_WINDOW_SECONDS`` the sink is taken from the streams that have
it, too. One hiccup of the machine is forgiven.
"""

import time
from collections.abc import Callable

import structlog

from mlx_relay.sinks.health import SinkHealth

FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 60.0
SLOW_CALL_SECONDS = 0.05
SLOW_BUDGET_SECONDS = 0.2
SLOW_WINDOW_SECONDS = 10.0

_log = structlog.get_logger(__name__)


class Breaker:
    """Stands before the sink *name*; one per process. *generation* grows when the sink is slow."""

    def __init__(
        self, name: str, health: SinkHealth, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = name
        self.health = health
        self.clock = clock
        self.generation = 0
        self._retry_at: float | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._slow_seconds = 0.0
        self._slow_until = 0.0

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

    def took(self, seconds: float) -> None:
        """Note how long a call took."""
        if seconds > SLOW_CALL_SECONDS:
            self._note_slow_call(seconds)

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

    def _note_slow_call(self, seconds: float) -> None:
        now = self.clock()
        if now > self._slow_until:
            self._slow_seconds = 0.0
            self._slow_until = now + SLOW_WINDOW_SECONDS
        self._slow_seconds += seconds
        if self._slow_seconds > SLOW_BUDGET_SECONDS:
            self._slow_until = 0.0
            self.generation += 1
            self.failed("slow")
