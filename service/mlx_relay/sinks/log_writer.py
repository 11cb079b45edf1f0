"""A queue of lines in; the log's file, and word of its health, out. The thread that writes.

A slow or hanging disk delays no stream. When the disk takes nothing (full, read-only, gone) the
lines wait in the queue and the writer tries again; it says so once, and once more when it is over.
What found no room meanwhile is told by a ``log_gap`` record, and a stream whose end was among it
gets the end ``lost``: one for each stream, always.
"""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import structlog

from mlx_relay.sinks.log_file import LogFile
from mlx_relay.sinks.log_queue import Line, LineQueue, Missing
from mlx_relay.sinks.log_recovery import ends_of_lost
from mlx_relay.sinks.records import LogGap, encode_line

RETRY_SECONDS = 1.0
SYNC_SECONDS = 1.0

Fsync: TypeAlias = Literal["never", "interval", "stream"]

_log = structlog.get_logger(__name__)


class LogWriter:
    """Writes what comes through *queue* to *file* until ``close``.

    *open_lines* are the starts of the streams that are open in the file; the thread keeps them.
    *on_health* is told ``None`` when the disk takes lines, and the reason when it does not.
    """

    def __init__(
        self,
        queue: LineQueue,
        file: LogFile,
        open_lines: dict[str, bytes],
        *,
        fsync: Fsync,
        on_health: Callable[[str | None], None],
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self._queue = queue
        self._file = file
        self._open_lines = open_lines
        self._fsync = fsync
        self._on_health = on_health
        self._retry_seconds = retry_seconds
        self._is_failing = False
        self._unsynced_since: float | None = None
        self._thread = threading.Thread(target=self._run, name="log-sink", daemon=True)
        self._thread.start()

    def close(self, timeout: float) -> None:
        """Write what waits; what a broken disk does not take within *timeout* is lost."""
        self._queue.close()
        self._thread.join(timeout)
        self._queue.give_up()

    def _run(self) -> None:
        while True:
            is_last = self._queue.is_closed
            chunk = self._queue.chunk(self._seconds_to_sync())
            try:
                if chunk:
                    self._write(chunk)
                self._sync_if_due(chunk)
            except OSError as error:
                self._failed(error)
                if is_last:
                    break
                self._queue.wait_for_close(self._retry_seconds)
            else:
                if is_last and not chunk:
                    break
        self._end()

    def _write(self, chunk: list[Line]) -> None:
        self._file.append(b"".join(line.data for line in chunk), datetime.now(UTC))
        self._queue.written(chunk)
        for line in chunk:
            if line.mark == "start":
                self._open_lines[line.stream_id] = line.data
            elif line.mark == "end":
                self._open_lines.pop(line.stream_id, None)
        self._unsynced_since = self._unsynced_since or time.monotonic()
        self._recovered()
        if missing := self._queue.take_missing():
            self._queue.put_anyway(self._corrections(missing))

    def _corrections(self, missing: Missing) -> list[Line]:
        now = datetime.now(UTC)
        gap = Line(encode_line(LogGap(ts=now, lost=missing.lines)), "", "gap")
        starts = [line for name, line in self._open_lines.items() if name in missing.ends]
        return [gap, *ends_of_lost(starts, "not_logged", now)]

    def _seconds_to_sync(self) -> float | None:
        if self._fsync != "interval" or self._unsynced_since is None:
            return None
        return max(0.0, self._unsynced_since + SYNC_SECONDS - time.monotonic())

    def _sync_if_due(self, chunk: list[Line]) -> None:
        if self._fsync == "stream":
            is_due = any(line.mark == "end" for line in chunk)
        else:
            is_due = self._seconds_to_sync() == 0
        if is_due:
            self._unsynced_since = None
            self._file.sync()

    def _end(self) -> None:
        try:
            if self._fsync != "never" and self._unsynced_since is not None:
                self._file.sync()
        except OSError as error:
            self._failed(error)
        self._file.close()

    def _failed(self, error: OSError) -> None:
        if not self._is_failing:
            reason = error.strerror or type(error).__name__
            _log.error("log_sink_failed", error=reason)
            self._on_health(reason)
        self._is_failing = True

    def _recovered(self) -> None:
        if self._is_failing:
            _log.warning("log_sink_recovered")
            self._on_health(None)
        self._is_failing = False
