"""Tries to sign in, in; RateLimited out when there were too many. It reads the clock."""

import time
from typing import Protocol

from mlx_relay.auth.throttle import LoginThrottle


class Attempts(Protocol):
    """Counts tries: those of one process, or of all that serve together."""

    async def begin(self, account: str, address: str) -> None:
        """Count a try, before its password is looked at; raises RateLimited."""

    async def succeeded(self, account: str, address: str) -> None:
        """Take the try back: the password was right."""


class OwnAttempts:
    """The tries that *throttle* counts."""

    def __init__(self, throttle: LoginThrottle | None = None) -> None:
        self._throttle = throttle or LoginThrottle()

    async def begin(self, account: str, address: str) -> None:
        now = time.monotonic()
        self._throttle.check(account, address, now)
        self._throttle.failed(account, address, now)

    async def succeeded(self, account: str, address: str) -> None:
        self._throttle.succeeded(account, address)
