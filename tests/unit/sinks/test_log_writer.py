"""The thread that writes: what it does when the disk takes nothing, and when it does again."""

import errno
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from threading import Event

import msgspec
import pytest

from mlx_relay.sinks.log_file import Keeping, LogFile
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_queue import Line, LineQueue
from mlx_relay.sinks.log_writer import Fsync, LogWriter
from mlx_relay.sinks.records import (
    AnyRecord,
    LogGap,
    StreamEnded,
    StreamStarted,
    decode_line,
    encode_line,
    started,
)
from support.full_disk import FullDisk, full_disk
from support.values import stream_info

PATIENCE = 30.0
NOW = datetime.now(UTC)


def start(stream_id: str) -> Line:
    stream = msgspec.structs.replace(stream_info(), stream_id=stream_id)
    return Line(encode_line(started(stream, NOW)), stream_id, "start")


def end(stream_id: str) -> Line:
    return Line(b"{}\n", stream_id, "end")


class Log:
    """A writer and what it told."""

    def __init__(self, folder: Path, fsync: Fsync = "never", max_bytes: int = 10**6) -> None:
        self.path = folder / "streams.jsonl"
        self.losses: list[int] = []
        self.health: Queue[str | None] = Queue()
        self.queue = LineQueue(self.losses.append, max_bytes)
        open_lines: dict[str, bytes] = {}
        keeping = Keeping(max_bytes=10**6, keep=30, keep_days=30)
        file = LogFile(LogNames(self.path), 1, keeping, lambda: b"".join(open_lines.values()))
        self.writer = LogWriter(
            self.queue,
            file,
            open_lines,
            fsync=fsync,
            on_health=self.health.put,
            retry_seconds=0.01,
        )

    def close(self) -> None:
        self.writer.close(PATIENCE)

    def records(self) -> list[AnyRecord]:
        return [decode_line(line) for line in self.path.read_bytes().splitlines()]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FullDisk]:
    with full_disk(tmp_path) as disk:
        yield disk


def test_what_was_put_is_written_in_order_when_it_is_closed(tmp_path: Path) -> None:
    log = Log(tmp_path)
    lines = [start(str(number)) for number in range(1000)]
    for line in lines:
        assert log.queue.put(line)
    log.close()
    assert log.path.read_bytes() == b"".join(line.data for line in lines)
    assert log.losses == []


def test_a_disk_that_is_full_for_a_while_loses_nothing_and_is_reported_once(
    disk: FullDisk,
) -> None:
    log = Log(disk.folder)
    disk.fill(log.path)
    lines = [start(str(number)) for number in range(100)]
    for line in lines:
        assert log.queue.put(line)
    assert log.health.get(timeout=PATIENCE) in (
        os.strerror(errno.ENOSPC),
        os.strerror(errno.EFBIG),
    )
    disk.free()
    assert log.health.get(timeout=PATIENCE) is None
    log.close()
    assert log.path.read_bytes() == b"".join(line.data for line in lines)
    assert log.health.empty()
    assert log.losses == []


def test_what_found_no_room_is_told_and_a_stream_without_its_end_gets_one(
    disk: FullDisk,
) -> None:
    size = len(start("a").data)
    log = Log(disk.folder, max_bytes=3 * size)
    disk.fill(log.path)
    assert [log.queue.put(start(name)) for name in "abcd"] == [True, True, True, False]
    log.health.get(timeout=PATIENCE)
    assert not log.queue.put(end("a"))
    log.queue.owe_end("a")
    disk.free()
    assert log.health.get(timeout=PATIENCE) is None
    log.close()
    *starts, gap, lost = log.records()
    assert [record.stream_id for record in starts if isinstance(record, StreamStarted)] == [
        "a",
        "b",
        "c",
    ]
    assert isinstance(gap, LogGap)
    assert gap.lost == sum(log.losses) == 2
    assert isinstance(lost, StreamEnded)
    assert (lost.stream_id, lost.kind, lost.cause) == ("a", "lost", "not_logged")


def test_what_a_broken_disk_does_not_take_at_the_end_is_lost_and_counted(disk: FullDisk) -> None:
    log = Log(disk.folder)
    disk.fill(log.path)
    for name in "abc":
        log.queue.put(start(name))
    log.close()
    assert sum(log.losses) == 3
    assert log.path.read_bytes() == b""


def test_a_disk_that_hangs_keeps_nobody_from_leaving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hangs, goes_on, write = Event(), Event(), os.write

    def hang(file: int, data: bytes) -> int:
        hangs.set()
        goes_on.wait(PATIENCE)
        return write(file, data)

    monkeypatch.setattr("mlx_relay.sinks.log_file.os.write", hang)
    log = Log(tmp_path)
    log.queue.put(start("a"))
    assert hangs.wait(PATIENCE)
    log.writer.close(0.0)
    assert sum(log.losses) == 1
    goes_on.set()
    log.close()


@pytest.mark.parametrize(("fsync", "least"), [("never", 0), ("interval", 1), ("stream", 2)])
def test_the_disk_is_waited_for_as_often_as_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fsync: Fsync, least: int
) -> None:
    synced: Queue[int] = Queue()
    monkeypatch.setattr("mlx_relay.sinks.log_file._sync", synced.put)
    log = Log(tmp_path, fsync)
    for name in "ab":
        log.queue.put(start(name))
        log.queue.put(end(name))
        if fsync == "stream":
            synced.get(timeout=PATIENCE)
            synced.put(0)
    log.close()
    assert synced.qsize() >= least
    assert fsync != "never" or synced.empty()


def test_a_failed_sync_is_reported_and_the_next_lines_go_to_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    log = Log(tmp_path, "stream")
    with monkeypatch.context() as broken:
        broken.setattr("mlx_relay.sinks.log_file._sync", fail)
        log.queue.put(start("a"))
        log.queue.put(end("a"))
        assert log.health.get(timeout=PATIENCE) == os.strerror(errno.EIO)
    log.queue.put(start("b"))
    assert log.health.get(timeout=PATIENCE) is None
    log.close()
    assert log.path.read_bytes() == start("b").data
