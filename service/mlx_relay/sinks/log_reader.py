"""The files of a log in; how its streams ended, in the order of time, out. Also while it grows."""

import heapq
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import msgspec

from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.records import StreamEnded, decode_line, is_end


class LogReader:
    """Reads each line once. A file is known by its inode, so it may be turned meanwhile."""

    def __init__(self, names: LogNames) -> None:
        self._names = names
        self._offsets: dict[tuple[int, int], int] = {}
        self.unreadable = 0

    def new_ends(self) -> Iterator[StreamEnded]:
        """Return the ends written since the last time; at first those of all files."""
        slots = [self._of_slot(paths) for paths in self._names.by_slot()]
        return heapq.merge(*slots, key=lambda record: record.ts)

    def _of_slot(self, paths: list[Path]) -> Iterator[StreamEnded]:
        for path in paths:
            try:
                with path.open("rb") as file:
                    yield from self._of_file(file)
            except FileNotFoundError:
                continue  # turned or removed since the folder was read

    def _of_file(self, file: BinaryIO) -> Iterator[StreamEnded]:
        status = os.fstat(file.fileno())
        key = (status.st_dev, status.st_ino)
        file.seek(min(self._offsets.get(key, 0), status.st_size))
        offset = file.tell()
        for line in file:
            if not line.endswith(b"\n"):
                break  # still being written
            offset += len(line)
            self._offsets[key] = offset
            if is_end(line) and (record := self._decoded(line)):
                yield record

    def _decoded(self, line: bytes) -> StreamEnded | None:
        try:
            record = decode_line(line)
        except msgspec.DecodeError:
            self.unreadable += 1
            return None
        return record if isinstance(record, StreamEnded) else None
