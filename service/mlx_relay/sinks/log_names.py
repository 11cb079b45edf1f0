"""The path of a log in; the paths of its files, and which of the old ones go, out.

For ``streams.jsonl``: the process in slot 1 writes ``streams.jsonl``, the one in slot 2
``streams.2.jsonl``. A file that is full becomes ``streams-<time>-<slot>.jsonl``, and is never
written again. ``streams.<slot>.lock`` is locked by the process that has the slot.
"""

import re
from datetime import datetime, timedelta
from pathlib import Path

SLOTS = 256
"""How many processes may share a log."""


class LogNames:
    """Where the files of the log at *path* are."""

    def __init__(self, path: Path) -> None:
        self.path = path
        escaped, suffix = re.escape(path.stem), re.escape(path.suffix)
        self._old = re.compile(rf"{escaped}-([0-9]{{8}}T[0-9]{{12}})-([0-9]+){suffix}")
        self._live = re.compile(rf"{escaped}(?:\.([0-9]+))?{suffix}")
        self._locks = re.compile(rf"{escaped}\.([0-9]+)\.lock")

    def live(self, slot: int) -> Path:
        name = self.path.name if slot == 1 else f"{self.path.stem}.{slot}{self.path.suffix}"
        return self.path.with_name(name)

    def lock(self, slot: int) -> Path:
        return self.path.with_name(f"{self.path.stem}.{slot}.lock")

    def slots(self) -> list[int]:
        """Return every slot that was ever taken."""
        return sorted(int(match[1]) for match in map(self._locks.fullmatch, self._files()) if match)

    def new_old(self, slot: int, now: datetime) -> Path:
        """Return a name that no file has, for what *slot* has written until *now*."""
        while True:
            name = f"{self.path.stem}-{now:%Y%m%dT%H%M%S%f}-{slot}{self.path.suffix}"
            path = self.path.with_name(name)
            if not path.exists():
                return path
            now += timedelta(microseconds=1)

    def old(self) -> list[Path]:
        """Return the files that are full, the oldest first."""
        return [self.path.with_name(name) for name in self._files() if self._old.fullmatch(name)]

    def by_slot(self) -> list[list[Path]]:
        """Return the files of each slot, the oldest first and the live one last."""
        found: dict[int, list[Path]] = {}
        live: dict[int, Path] = {}
        for name in self._files():
            if match := self._old.fullmatch(name):
                found.setdefault(int(match[2]), []).append(self.path.with_name(name))
            elif match := self._live.fullmatch(name):
                live[int(match[1] or 1)] = self.path.with_name(name)
        for slot, path in live.items():
            found.setdefault(slot, []).append(path)
        return list(found.values())

    def _files(self) -> list[str]:
        try:
            return sorted(path.name for path in self.path.parent.iterdir())
        except FileNotFoundError:
            return []


def remove_old(names: LogNames, *, keep: int, keep_days: int, now: datetime) -> None:
    """Remove full files beyond the newest *keep*, and those last written *keep_days* ago."""
    oldest = (now - timedelta(days=keep_days)).timestamp()
    files = names.old()
    for index, path in enumerate(reversed(files)):
        try:
            if index >= keep or path.stat().st_mtime < oldest:
                path.unlink()
        except FileNotFoundError:
            continue  # another process of this log was quicker
