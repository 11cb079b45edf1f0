"""Passwords to argon2id hashes, and checks of both, off the event loop."""

import asyncio
import base64
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mlx_relay.errors import Unavailable

THREADS = 2
MAX_WAITING = 20

# The least that OWASP's password storage page asks of argon2id: about 30 ms.
MEMORY_KIB = 19_456
ROUNDS = 2
LANES = 1

_T = TypeVar("_T")


class Passwords:
    """Hashes and verifies in a small pool; beyond its queue raises Unavailable."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(time_cost=ROUNDS, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="passwords")
        self._places = threading.Semaphore(THREADS + MAX_WAITING)

    async def hash(self, password: str) -> str:
        return await self._run(lambda: self._hasher.hash(password))

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Return whether *password* fits; None, for nobody, never does and costs the same."""
        fits = await self._run(lambda: self._fits(password_hash or _DUMMY, password))
        return fits and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _fits(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._places.acquire(blocking=False):
            raise Unavailable
        future = self._pool.submit(work)
        # Not in a finally: work goes on when its caller is cancelled, and holds its place.
        future.add_done_callback(lambda _: self._places.release())
        return await asyncio.wrap_future(future)


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode().rstrip("=")


_DUMMY = (
    f"$argon2id$v=19$m={MEMORY_KIB},t={ROUNDS},p={LANES}${_encode(bytes(16))}${_encode(bytes(32))}"
)
"""A hash that no password is known for."""
