"""The live file of a process that died in; its whole lines, and the streams left open, out.

``kill -9`` may tear the last line off in the middle: it is cut away, so that the next one does not
grow on it. Doing it twice is doing it once.
"""

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import msgspec
import structlog

from mlx_relay.sinks.log_queue import Line
from mlx_relay.sinks.records import (
    LossCause,
    StreamStarted,
    decode_line,
    encode_line,
    lost,
)

BLOCK_BYTES = 65536

_log = structlog.get_logger(__name__)


class _Head(msgspec.Struct):
    """As much of a record as tells what it is; quick to read, also from a long line."""

    record: str
    stream_id: str = ""


_heads = msgspec.json.Decoder(_Head)


def cut_torn_line(file: int) -> None:
    """Cut *file* after its last newline."""
    size = os.fstat(file).st_size
    keep = size
    while keep > 0:
        start = max(0, keep - BLOCK_BYTES)
        newline = os.pread(file, keep - start, start).rfind(b"\n")
        if newline >= 0:
            keep = start + newline + 1
            break
        keep = start
    if keep < size:
        os.ftruncate(file, keep)


def open_streams(path: Path) -> dict[str, bytes]:
    """Return the lines of the streams that started in *path* and did not end, by stream."""
    lines: dict[str, bytes] = {}
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                head = _heads.decode(line)
            except msgspec.DecodeError:
                _log.warning("log_line_is_no_record", file=path.name, line=number)
                continue
            if head.record == "stream_started":
                lines[head.stream_id] = line
            elif head.record == "stream_ended":
                lines.pop(head.stream_id, None)
    return lines


def ends_of_lost(lines: Iterable[bytes], cause: LossCause, now: datetime) -> list[Line]:
    """Return an end for each stream whose start is among *lines*."""
    starts = filter(None, map(_read_start, lines))
    ends = (lost(start, cause, now) for start in starts)
    return [Line(encode_line(end), end.stream_id, "end") for end in ends]


def _read_start(line: bytes) -> StreamStarted | None:
    try:
        record = decode_line(line)
    except msgspec.DecodeError:
        return None
    return record if isinstance(record, StreamStarted) else None
