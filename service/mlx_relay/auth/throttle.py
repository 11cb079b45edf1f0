"""Failed logins in; RateLimited out when there were too many. Pure: the caller reads the clock."""

from collections import deque
from dataclasses import dataclass
from typing import TypeAlias

from mlx_relay.errors import RateLimited

MAX_KEYS = 20_000
"""How many accounts and addresses are remembered; the longest unused are forgotten first."""

_Key: TypeAlias = tuple[str, ...]


@dataclass(frozen=True)
class Window:
    """At most *tries* failures in *seconds*."""

    tries: int
    seconds: float


PAIR = Window(5, 15 * 60)
ACCOUNT = Window(20, 15 * 60)
ADDRESS = Window(20, 60)


class LoginThrottle:
    """Counts failures per account and address, per account, and per address.

    A failure is counted before the password is looked at (``failed``), and taken back when it was
    right (``succeeded``): so tries that run at once are counted too.
    """

    def __init__(self) -> None:
        self._failures: dict[_Key, deque[float]] = {}

    def check(self, account: str, address: str, now: float) -> None:
        """Raise RateLimited if a try is one too many; *now* in seconds, monotonic."""
        for key, window in windows(account, address):
            wait = self._wait(key, window, now)
            if wait > 0:
                raise too_many_failures(int(wait) + 1)

    def failed(self, account: str, address: str, now: float) -> None:
        for key, window in windows(account, address):
            times = self._failures.pop(key, None) or deque(maxlen=window.tries)
            times.append(now)
            self._failures[key] = times
        while len(self._failures) > MAX_KEYS:
            del self._failures[next(iter(self._failures))]

    def succeeded(self, account: str, address: str) -> None:
        """Take back the last failure everywhere, and forgive the pair.

        Not the account: else each of its owner's logins would give a guesser new tries.
        """
        for key, window in windows(account, address):
            times = self._failures.get(key)
            if times:
                times.pop()
            if not times or window is PAIR:
                self._failures.pop(key, None)

    def _wait(self, key: _Key, window: Window, now: float) -> float:
        times = self._failures.get(key)
        if times is None or len(times) < window.tries:
            return 0.0
        return times[0] + window.seconds - now


def too_many_failures(seconds: int) -> RateLimited:
    return RateLimited("Too many failed sign-ins.", retry_after=seconds)


def windows(account: str, address: str) -> tuple[tuple[_Key, Window], ...]:
    """Return what is counted, the pair first, and how much of it there may be."""
    return (
        (("pair", account, address), PAIR),
        (("account", account), ACCOUNT),
        (("address", address), ADDRESS),
    )
