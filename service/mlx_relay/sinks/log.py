"""Events in; JSON lines in ``<data_dir>/logs/streams.jsonl`` out.

Every stream gives a ``stream_started`` and a ``stream_ended`` record. The setting ``content`` says
what else is kept: ``metadata`` nothing, so no prompt and no answer; ``text`` adds the texts and
calls to the last record; ``full`` writes one ``events`` record per batch.

Law: every stream that started has exactly one ``stream_ended``. A process that is killed leaves
streams without one; the next process ends them as ``lost`` before it serves. Which streams those
are is certain although several processes may share the log: each has a live file of its own, and
a lock on it that the kernel frees when it dies (``log_slot``). So no file has two writers, and
each process turns its own file alone (``log_file``).

The disk is a thread's business (``log_writer``): a stream only puts lines into a bounded queue.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import AnyEvent, Event
from mlx_relay.sinks.base import Outcome, SinkContext, StreamInfo
from mlx_relay.sinks.log_dead_slots import settle_dead_slots
from mlx_relay.sinks.log_file import LogFile
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_queue import Line, LineQueue
from mlx_relay.sinks.log_recovery import ends_of_lost, open_streams
from mlx_relay.sinks.log_settings import Content, LogSettings
from mlx_relay.sinks.log_slot import take_free_slot
from mlx_relay.sinks.log_writer import LogWriter
from mlx_relay.sinks.records import Events, encode_line, ended, started
from mlx_relay.sinks.said import Said

CLOSE_SECONDS = 5.0
"""How long the disk may take for the last lines."""


class LogSinks:
    """The log file of this process, and the sinks that write to it."""

    def __init__(
        self,
        path: Path,
        settings: LogSettings,
        *,
        on_loss: Callable[[int], None],
        on_health: Callable[[str | None], None],
    ) -> None:
        names, now = LogNames(path), datetime.now(UTC)
        open_lines: dict[str, bytes] = {}
        try:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._slot = take_free_slot(names)
            file = LogFile(
                names, self._slot.number, settings.keeping, lambda: b"".join(open_lines.values())
            )
            open_lines |= open_streams(names.live(self._slot.number))
        except OSError as error:
            raise ConfigurationError(f"log {path}: {error.strerror or error}") from None
        settle_dead_slots(names, settings.keeping, now)
        self._content: Content = settings.content
        self._queue = LineQueue(on_loss)
        self._queue.put_anyway(ends_of_lost(open_lines.values(), "killed", now))
        self._writer = LogWriter(
            self._queue, file, open_lines, fsync=settings.fsync, on_health=on_health
        )

    @classmethod
    def from_context(cls, context: SinkContext) -> "LogSinks":
        settings = context.read_settings(LogSettings)
        return cls(
            settings.path_in(context.data_dir),
            settings,
            on_loss=lambda count: context.count_loss("records", count),
            on_health=context.complain,
        )

    def open(self, stream: StreamInfo) -> "LogSink":
        return LogSink(self._queue, stream, self._content)

    async def close(self) -> None:
        await asyncio.to_thread(self._writer.close, CLOSE_SECONDS)
        self._slot.release()


class LogSink:
    """One stream's records."""

    def __init__(self, queue: LineQueue, stream: StreamInfo, content: Content) -> None:
        self._queue = queue
        self._stream = stream
        self._content = content
        self._events = 0
        self._said = Said()
        line = encode_line(started(stream, datetime.now(UTC)))
        self._has_start = queue.put(Line(line, stream.stream_id, "start"))

    def send(self, events: Sequence[Event]) -> None:
        if self._content == "metadata":
            return
        if self._content == "full":
            record = Events(
                ts=datetime.now(UTC),
                stream_id=self._stream.stream_id,
                first=self._events + 1,
                events=cast("list[AnyEvent]", list(events)),
            )
            self._queue.put(Line(encode_line(record), self._stream.stream_id, "events"))
            self._events += len(events)
        else:
            self._said.keep(events)

    async def drain(self) -> None:
        """Nothing to wait for: the queue refuses what it cannot take."""

    async def close(self, outcome: Outcome) -> None:
        text = self._said.texts() if self._content == "text" else None
        line = encode_line(ended(self._stream, outcome, text, datetime.now(UTC)))
        has_end = self._queue.put(Line(line, self._stream.stream_id, "end"))
        if self._has_start and not has_end:
            self._queue.owe_end(self._stream.stream_id)
