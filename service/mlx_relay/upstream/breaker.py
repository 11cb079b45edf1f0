"""What happened to connections of a profile in; whether to try another one out.

After a few failures in a row the server counts as dead. Until a moment nobody tries to reach it;
then one stream does, and if that fails the next moment is twice as far away, at most
``LAST_RETRY_SECONDS``. A try that succeeds forgets it all.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from mlx_relay.errors import StreamError
from mlx_relay.profiles import Profile, Reachability

FAILURES_TO_OPEN = 3
FIRST_RETRY_SECONDS = 1.0
LAST_RETRY_SECONDS = 15.0


class Breaker:
    """Stands before one server."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._is_known = False
        self._failures = 0
        self._cause: str | None = None
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._retry_at: float | None = None

    @property
    def reachability(self) -> Reachability:
        if self._cause is None:
            return Reachability("up" if self._is_known else "unknown")
        return Reachability("down", self._cause, self._retry_time())

    def check(self) -> None:
        """Raise StreamError while nobody is to try; who gets through at the moment is the try."""
        if self._retry_at is None:
            return
        if self._clock() < self._retry_at:
            raise StreamError("upstream_unreachable", "breaker_open")
        # A try whose client leaves before it shows anything is followed by the next in time.
        self._wait()

    def failed(self, cause: str) -> None:
        """Note that the server was not reached."""
        self._cause = cause
        if cause == "address_denied":
            return  # nobody was bothered
        self._failures += 1
        is_waiting = self._retry_at is not None and self._clock() < self._retry_at
        if self._failures >= FAILURES_TO_OPEN and not is_waiting:
            self._wait()

    def connected(self) -> None:
        """Let others try too: the server is there, though its answer may take minutes."""
        self._retry_at = None

    def succeeded(self) -> None:
        """Note that the server answered."""
        self._is_known = True
        self._failures = 0
        self._cause = None
        self._retry_seconds = FIRST_RETRY_SECONDS
        self._retry_at = None

    def _wait(self) -> None:
        self._retry_at = self._clock() + self._retry_seconds
        self._retry_seconds = min(self._retry_seconds * 2, LAST_RETRY_SECONDS)

    def _retry_time(self) -> datetime | None:
        if self._retry_at is None:
            return None
        left = max(0.0, self._retry_at - self._clock())
        return (datetime.now(UTC) + timedelta(seconds=left)).replace(microsecond=0)


class Breakers:
    """One breaker for each profile; a profile that moved to another server gets a new one."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._breakers: dict[int, tuple[str, Breaker]] = {}

    def of(self, profile: Profile) -> Breaker:
        known = self._breakers.get(profile.id)
        if known is None or known[0] != profile.base_url:
            known = self._breakers[profile.id] = (profile.base_url, Breaker(self._clock))
        return known[1]

    def reachability(self, profile_id: int) -> Reachability:
        known = self._breakers.get(profile_id)
        return known[1].reachability if known else Reachability("unknown")
