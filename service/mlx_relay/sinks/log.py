"""Events in; JSON lines in ``<data_dir>/logs/streams.jsonl`` out.

Every stream gives a ``stream_started`` and a ``stream_ended`` record. The setting ``content`` says
what stands between: ``metadata`` nothing, so no prompt and no answer is kept; ``text`` adds the
texts and calls to the last record; ``full`` writes one ``events`` record per batch.

A thread writes, so a slow disk delays no stream. What does not fit into its queue is dropped and
counted: the next record that is written says how many were lost.
"""

import os
import queue
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import msgspec
import structlog

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo

QUEUE_RECORDS = 10_000
"""How many records may wait for the disk."""

_log = structlog.get_logger(__name__)


class LogSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ``[sink.log]`` table."""

    content: Literal["metadata", "text", "full"] = "metadata"


class LogSinks:
    """The log file of this process, and the sinks that write to it."""

    def __init__(self, path: Path, settings: LogSettings) -> None:
        self._settings = settings
        self._writer = LineWriter(path)

    @classmethod
    def from_context(cls, context: SinkContext) -> "LogSinks":
        try:
            settings = msgspec.convert(dict(context.settings), LogSettings)
        except msgspec.ValidationError as error:
            raise ConfigurationError(f"settings: sink.log: {error}") from None
        return cls(context.data_dir / "logs" / "streams.jsonl", settings)

    def open(self, stream: StreamInfo) -> "LogSink":
        return LogSink(self._writer, stream, self._settings.content)

    async def close(self) -> None:
        self._writer.close()


class LogSink:
    """One stream's records."""

    def __init__(self, writer: "LineWriter", stream: StreamInfo, content: str) -> None:
        self._writer = writer
        self._stream_id = stream.stream_id
        self._content = content
        self._kept: list[Event] = []
        self._write("stream_started", msgspec.structs.asdict(stream))

    def send(self, events: Sequence[Event]) -> None:
        if self._content == "full":
            self._write("events", {"events": list(events)})
        elif self._content == "text":
            self._kept += [e for e in events if isinstance(e, Thinking | Response | ToolCall)]

    async def drain(self) -> None:
        """Nothing to wait for: the queue drops what it cannot take."""

    async def close(self, outcome: Outcome) -> None:
        fields = msgspec.to_builtins(outcome)
        if self._content == "text":
            fields["text"] = _texts(self._kept)
        self._write("stream_ended", fields)

    def _write(self, record: str, fields: dict[str, Any]) -> None:
        head = {"ts": datetime.now(UTC), "record": record, "stream_id": self._stream_id}
        self._writer.write({**head, **fields})


def _texts(events: list[Event]) -> dict[str, Any]:
    return {
        "thinking": "".join(e.content for e in events if isinstance(e, Thinking)),
        "response": "".join(e.content for e in events if isinstance(e, Response)),
        "tool_calls": [e for e in events if isinstance(e, ToolCall)],
    }


class LineWriter:
    """Appends JSON lines to a file of mode 0600 from a thread of its own.

    A line that a crash tore off is cut away on open, so that the next one does not grow on it.
    Raises ConfigurationError when the file cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._encoder = msgspec.json.Encoder()
        self._queue: queue.Queue[dict[str, Any] | None] = queue.Queue(QUEUE_RECORDS)
        self._lost = 0
        self._failed = False
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
            _cut_torn_line(self._file)
        except OSError as error:
            raise ConfigurationError(f"log {path}: {error.strerror}") from None
        self._thread = threading.Thread(target=self._run, name="log-sink", daemon=True)
        self._thread.start()

    def write(self, record: dict[str, Any]) -> None:
        """Queue *record*; never waits."""
        if self._lost:
            record = {**record, "records_lost_before": self._lost}
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            self._lost += 1
        else:
            self._lost = 0

    def flush(self) -> None:
        """Wait until what is queued is written."""
        self._queue.join()

    def close(self) -> None:
        """Write what is queued and close the file."""
        self._queue.put(None)
        self._thread.join()
        os.close(self._file)

    def _run(self) -> None:
        while (record := self._queue.get()) is not None:
            try:
                os.write(self._file, self._encoder.encode(record) + b"\n")
            except OSError as error:
                self._report(error)
            finally:
                self._queue.task_done()

    def _report(self, error: OSError) -> None:
        if not self._failed:
            _log.error("log_sink_failed", error=error.strerror)
        self._failed = True


def _cut_torn_line(file: int) -> None:
    size = os.fstat(file).st_size
    keep = size
    while keep > 0:
        start = max(0, keep - 65536)
        newline = os.pread(file, keep - start, start).rfind(b"\n")
        if newline >= 0:
            keep = start + newline + 1
            break
        keep = start
    if keep < size:
        os.ftruncate(file, keep)
