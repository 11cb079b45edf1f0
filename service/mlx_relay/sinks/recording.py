"""Raw upstream bytes in; cassettes in ``<data_dir>/recordings`` out, for ``fake-mlx serve``.

Recorded is a *share* of all streams, chosen by their ids, and, with *failed*, every stream that
ended in an error after the head of the answer. A prompt is never kept (``recorded``), the model's
words are.

Memory is bounded: a stream beyond *max_stream_bytes* is not recorded, nor one that finds the room
for all streams taken. The disk is a thread's business (``outbox``).
"""

import asyncio
import contextlib
import hashlib
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import msgspec

from mlx_relay.events import Event
from mlx_relay.sinks.base import Outcome, Sink, SinkContext, StreamInfo
from mlx_relay.sinks.outbox import Outbox
from mlx_relay.sinks.recorded import SUFFIX, Recorded, RecordedHead, encode_cassette

CLOSE_SECONDS = 5.0
MAX_BYTES = 64 * 1024 * 1024
"""What all streams that run may hold together; as much again may wait for the disk."""
BLOCK_BYTES = 8 * 1024
"""How much of that a stream takes at a time."""
MAX_WAITING = 1000

_Positive: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]


class RecordingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What an operator can set. *path* is taken from the data directory when it is relative."""

    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    failed: bool = True
    path: str = "recordings"
    keep: _Positive = 1000
    keep_bytes: _Positive = 256 * 1024 * 1024
    max_stream_bytes: _Positive = 4 * 1024 * 1024


class RecordingSinks:
    """The recordings of this process."""

    def __init__(self, settings: RecordingSettings, context: SinkContext) -> None:
        self.settings = settings
        self._context = context
        self._folder = context.data_dir / Path(settings.path).expanduser()
        self._held = 0
        self._outbox = Outbox(
            context.name,
            self._write,
            lambda count: context.count_loss("recordings", count),
            context.complain,
            max_items=MAX_WAITING,
            batch_size=1,
            max_bytes=MAX_BYTES,
        )

    @classmethod
    def from_context(cls, context: SinkContext) -> "RecordingSinks":
        return cls(context.read_settings(RecordingSettings), context)

    def open(self, stream: StreamInfo) -> Sink:
        is_chosen = _is_chosen(stream.stream_id, self.settings.share)
        if is_chosen or self.settings.failed:
            return RecordingSink(self, stream, is_chosen=is_chosen)
        return NoRecording()

    async def close(self) -> None:
        await asyncio.to_thread(self._outbox.close, CLOSE_SECONDS)

    def hold(self, size: int) -> bool:
        """Take room for *size* bytes of a stream that runs; False if there is none."""
        if self._held + size > MAX_BYTES:
            return False
        self._held += size
        return True

    def release(self, size: int) -> None:
        self._held -= size

    def put(self, recorded: Recorded, size: int) -> None:
        self._outbox.put(recorded, size)

    def lose(self) -> None:
        self._context.count_loss("recordings")

    def _write(self, batch: list[Recorded]) -> None:
        """Write in the outbox' thread; what the disk does not take is tried again."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for recorded in batch:
            _write_file(self._folder / f"{recorded.name}{SUFFIX}", encode_cassette(recorded))
        _forget_oldest(self._folder, self.settings.keep, self.settings.keep_bytes)


class NoRecording:
    """The sink of a stream that is not recorded."""

    def send(self, events: Sequence[Event]) -> None:
        """Nothing is kept."""

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome) -> None:
        """Nothing was kept."""


class RecordingSink(NoRecording):
    """Holds the bytes of one stream until it is known whether they are kept."""

    def __init__(self, sinks: RecordingSinks, stream: StreamInfo, *, is_chosen: bool) -> None:
        self._sinks = sinks
        self._stream = stream
        self._is_chosen = is_chosen
        self._started = time.monotonic()
        self._head: RecordedHead | None = None
        self._reads: list[tuple[float, bytes]] = []
        self._bytes = 0
        self._held = 0
        self._is_whole = True

    def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
        self._head = RecordedHead(self._since_start(at), status, headers)

    def receive(self, data: bytes, at: float) -> None:
        size = self._bytes + len(data)
        if size <= self._held or self._has_room(size):
            self._bytes = size
            self._reads.append((at, data))

    async def close(self, outcome: Outcome) -> None:
        if self._is_chosen or outcome.kind == "error":
            if not self._is_whole:
                self._sinks.lose()
            elif self._head:
                reads = [(self._since_start(at), data) for at, data in self._reads]
                recorded = Recorded(self._stream, outcome, self._head, reads)
                self._sinks.put(recorded, self._bytes)
        self._give_back()

    def _since_start(self, at: float) -> float:
        return round(max(0.0, at - self._started), 6)

    def _has_room(self, size: int) -> bool:
        """Take room for *size* bytes in all; a stream that finds none is not recorded."""
        more = max(size - self._held, BLOCK_BYTES)
        if (
            self._is_whole
            and size <= self._sinks.settings.max_stream_bytes
            and self._sinks.hold(more)
        ):
            self._held += more
            return True
        self._is_whole = False
        self._give_back()
        return False

    def _give_back(self) -> None:
        self._sinks.release(self._held)
        self._held = self._bytes = 0
        self._reads.clear()


def _is_chosen(stream_id: str, share: float) -> bool:
    """Return whether a stream is in the share: the same for the same id."""
    digest = hashlib.sha256(stream_id.encode()).digest()
    return int.from_bytes(digest[:4], "big") < share * 2**32


def _write_file(path: Path, data: bytes) -> None:
    """Write so that whoever looks finds a whole file or none."""
    part = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _forget_oldest(folder: Path, keep: int, keep_bytes: int) -> None:
    """Remove the oldest recordings until at most *keep*, of *keep_bytes*, are there."""
    size = 0
    for kept, path in enumerate(sorted(folder.glob(f"*{SUFFIX}"), reverse=True), 1):
        size += path.stat().st_size
        if kept > keep or size > keep_bytes:
            path.unlink()
