"""Tries to sign in at any relay in; RateLimited at all of them out.

While Redis is away each process counts its own.
"""

import hashlib
from pathlib import Path
from typing import Final

from mlx_relay.auth.attempts import Attempts
from mlx_relay.auth.throttle import too_many_failures, windows
from mlx_relay.shared.link import Link, Words

SCRIPT: Final = Path(__file__).with_suffix(".lua").read_text(encoding="utf-8")
PREFIX: Final = "mlx-relay:sign-ins:"


class SharedAttempts:
    """The tries of all relays that share a Redis, over *link*; *own* are those of this one."""

    def __init__(self, own: Attempts, link: Link) -> None:
        self._own = own
        self._link = link

    async def begin(self, account: str, address: str) -> None:
        seconds = await self._ask("begin", account, address)
        if seconds is None:
            await self._own.begin(account, address)
        elif seconds:
            raise too_many_failures(seconds)

    async def succeeded(self, account: str, address: str) -> None:
        if await self._ask("forgive", account, address) is None:
            await self._own.succeeded(account, address)

    async def _ask(self, verb: str, account: str, address: str) -> int | None:
        """Return for how many seconds there are no more tries; None if Redis is away."""
        found = windows(account, address)
        sizes = [(window.tries, int(window.seconds * 1000)) for _, window in found]
        words: Words = [verb, *(number for size in sizes for number in size)]
        reply: int | None = await self._link.ask(
            "attempts", [_name(key) for key, _ in found], words
        )
        return reply


def _name(key: tuple[str, ...]) -> str:
    """Return a key that says nothing of who tried, of one length whatever they typed."""
    return PREFIX + hashlib.sha256("\0".join(key).encode("utf-8", "surrogatepass")).hexdigest()[:32]
