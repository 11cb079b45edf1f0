"""Failed logins at any worker in; RateLimited at all of them out.

The state is one small file under a lock: a login is rare, and its password costs a thousand times
what the file does. The clock is the machine's monotonic one, which all processes share.
"""

import fcntl
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from mlx_relay.auth.throttle import LoginThrottle


class _Failures(msgspec.Struct, frozen=True, array_like=True):
    key: tuple[str, ...]
    most: int | None
    times: list[float]


class SharedThrottle(LoginThrottle):
    """The throttle of all processes that have *path*, a file that is there."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

    def check(self, account: str, address: str, now: float) -> None:
        with self._shared():
            super().check(account, address, now)

    def failed(self, account: str, address: str, now: float) -> None:
        with self._shared():
            super().failed(account, address, now)
            self._write()

    def succeeded(self, account: str, address: str) -> None:
        with self._shared():
            super().succeeded(account, address)
            self._write()

    @contextmanager
    def _shared(self) -> Iterator[None]:
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            self._read()
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    def _read(self) -> None:
        data = os.pread(self._file, os.fstat(self._file).st_size, 0)
        try:
            found = msgspec.msgpack.decode(data, type=list[_Failures])
        except msgspec.DecodeError:  # new, or a worker died while it wrote
            found = []
        self._failures = {one.key: deque(one.times, maxlen=one.most) for one in found}

    def _write(self) -> None:
        data = msgspec.msgpack.encode(
            [_Failures(key, times.maxlen, list(times)) for key, times in self._failures.items()]
        )
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, data, 0)
