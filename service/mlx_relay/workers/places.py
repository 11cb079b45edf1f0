"""The places that all workers' streams hold, in memory that they share.

A table of cells, one for each key that has been asked for, and in it a column of counts for each
worker. A worker changes its own column alone, under a lock of the kernel's that ends with it; the
parent empties the column of a worker that died. So nothing is counted twice, and nothing is lost.
"""

import fcntl
import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mlx_relay.places import Key

CELLS: Final = 16_384
"""For as many keys; a power of two."""

WINDOW: Final = 64
"""In how many cells a key may be, from the one that its hash names."""

_KINDS: Final = {"queued": 0, "all": 1, "user": 2, "profile": 3}
"""Ids begin at 1, so that no key has the code 0, which an unused cell has."""

_KEY_BYTES: Final = 8
_COUNT_BYTES: Final = 4
_SPREAD: Final = 0x9E3779B97F4A7C15
"""An odd number whose multiples differ in their high bits: 2**64 divided by the golden ratio."""


def make_table(path: Path, workers: int) -> None:
    """Make an empty table for *workers*, in place of any that is there."""
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.ftruncate(descriptor, CELLS * (_KEY_BYTES + workers * _COUNT_BYTES))
    finally:
        os.close(descriptor)


class SharedPlaces:
    """The places as worker *number* takes them and gives them back; the first worker is 0."""

    def __init__(self, path: Path, number: int) -> None:
        self._lock = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
        memory = memoryview(mmap.mmap(self._lock, 0))
        self._keys = memory[: CELLS * _KEY_BYTES].cast("q")
        self._columns = [
            memory[start : start + CELLS * _COUNT_BYTES].cast("I")
            for start in range(CELLS * _KEY_BYTES, len(memory), CELLS * _COUNT_BYTES)
        ]
        self._own = self._columns[number]

    def take(self, key: Key, limit: int) -> bool:
        code = _code(key)
        with self._locked():
            cell = self._find(code)
            if cell is None or 0 < limit <= self._total(cell):
                return False
            self._keys[cell] = code
            self._own[cell] += 1
            return True

    def give_back(self, key: Key) -> None:
        with self._locked():
            cell = self._find(_code(key))
            if cell is not None and self._own[cell]:
                self._own[cell] -= 1

    def give_all_back(self) -> None:
        """Free what a worker that is dead held."""
        with self._locked():
            self._own[:] = memoryview(bytes(CELLS * _COUNT_BYTES)).cast("I")

    def close(self) -> None:
        os.close(self._lock)

    def _find(self, code: int) -> int | None:
        """Return the cell of *code*, or one that nobody uses; None when its window is full."""
        free = None
        first = (code * _SPREAD) >> 32
        for cell in (step % CELLS for step in range(first, first + WINDOW)):
            if self._keys[cell] == code:
                return cell
            if free is None and not self._total(cell):
                free = cell
            if not self._keys[cell]:
                break
        return free

    def _total(self, cell: int) -> int:
        return sum(column[cell] for column in self._columns)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        # Held for microseconds and freed by the kernel if its holder dies: worth no await.
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)


def _code(key: Key) -> int:
    kind, number = key
    return number << 2 | _KINDS[kind]
