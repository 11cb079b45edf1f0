"""Whole lines in; the live file of a slot out, and old ones beside it when it is full.

The file always ends with a newline: a write that the disk cuts short is taken back. It begins with
the starts of the streams that are open (*head*), so that recovery never looks into older files.
A file that somebody moved or removed is begun anew, with its folder.
"""

import os
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import msgspec

from mlx_relay.sinks.log_names import LogNames, remove_old
from mlx_relay.sinks.log_recovery import cut_torn_line

_FLAGS: Final = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
_sync: Callable[[int], None] = getattr(os, "fdatasync", os.fsync)


class Keeping(msgspec.Struct, frozen=True):
    """When a file is full (also: at the end of a day, UTC), and how many old ones stay."""

    max_bytes: int
    keep: int
    keep_days: int


class LogFile:
    """The live file of *slot*; all methods raise OSError, and leave whole lines behind."""

    def __init__(
        self, names: LogNames, slot: int, keeping: Keeping, head: Callable[[], bytes]
    ) -> None:
        self._names = names
        self._slot = slot
        self._keeping = keeping
        self._head = head
        self._path = names.live(slot)
        self._begun = self._path.with_name(f"{self._path.name}.new")
        self._head_bytes = 0
        self._is_suspect = False
        self._is_name_synced = False
        self._open()

    def append(self, lines: bytes, now: datetime) -> None:
        """Write all of *lines* or nothing."""
        if self._was_moved():
            self._begin(None)
        self._take_back()
        if self._is_full(len(lines), now):
            self._begin(self._names.new_old(self._slot, now))
            remove_old(
                self._names, keep=self._keeping.keep, keep_days=self._keeping.keep_days, now=now
            )
        try:
            _write(self._file, lines)
        except OSError:
            self._take_back()
            raise
        self._size += len(lines)
        self._day = now.date()

    def sync(self) -> None:
        """Wait until the disk has what was written.

        What a failed sync left in memory may be lost for good, also when the next one succeeds:
        that file is not used again.
        """
        try:
            _sync(self._file)
            if not self._is_name_synced:
                _sync_folder(self._path.parent)
                self._is_name_synced = True
        except OSError:
            self._is_suspect = True
            raise

    def archive(self, now: datetime) -> None:
        """Make the live file an old one, and leave none; for a slot that nobody has."""
        self.close()
        self._path.rename(self._names.new_old(self._slot, now))

    def close(self) -> None:
        os.close(self._file)

    def _open(self) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self._path.exists() and self._begun.exists():
            self._begun.rename(self._path)  # its process died while it turned the file
        self._begun.unlink(missing_ok=True)
        self._file = os.open(self._path, _FLAGS | os.O_CREAT, 0o600)
        cut_torn_line(self._file)
        self._size = os.fstat(self._file).st_size
        self._day = _day_of(self._file)

    def _is_full(self, more: int, now: datetime) -> bool:
        grown = self._size - self._head_bytes
        if grown <= 0 or self._is_suspect:
            return self._is_suspect
        return grown + more > self._keeping.max_bytes or self._day != now.date()

    def _begin(self, old: Path | None) -> None:
        """Begin a new file; it has its head before it has its name."""
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        head = self._head()
        file = os.open(self._begun, _FLAGS | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            _write(file, head)
            if old:
                self._path.rename(old)
            self._begun.rename(self._path)
        except OSError:
            os.close(file)
            raise
        os.close(self._file)
        self._file, self._size, self._head_bytes = file, len(head), len(head)
        self._is_suspect = self._is_name_synced = False

    def _was_moved(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return True
        return not os.path.samestat(there, os.fstat(self._file))

    def _take_back(self) -> None:
        """Cut away what a failed write left; a file that somebody cut is taken as it is."""
        size = os.fstat(self._file).st_size
        if size > self._size:
            os.ftruncate(self._file, self._size)
        self._size = min(size, self._size)


def _write(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _sync_folder(path: Path) -> None:
    """Wait until the disk has the names in the folder *path* too."""
    folder = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _day_of(file: int) -> date:
    return datetime.fromtimestamp(os.fstat(file).st_mtime, UTC).date()
