"""The live file: whole lines only, its modes, when it is turned, and what a disk may do to it."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mlx_relay.sinks.log_file import Keeping, LogFile
from mlx_relay.sinks.log_names import LogNames
from support.full_disk import FullDisk, full_disk

NO_ROOM = r"space|too large"
LINE = b'{"a":"%s"}\n' % (b"x" * 90)


def now() -> datetime:
    """Return the time: that of the files is the machine's, also when a day ends meanwhile."""
    return datetime.now(UTC)


class Log:
    """The log of a test, and the starts that its next file begins with."""

    def __init__(self, folder: Path) -> None:
        self.names = LogNames(folder / "streams.jsonl")
        self.path = self.names.path
        self.head = b""

    def open(self, max_bytes: int = 1000, keep: int = 30) -> LogFile:
        keeping = Keeping(max_bytes=max_bytes, keep=keep, keep_days=30)
        return LogFile(self.names, 1, keeping, lambda: self.head)

    def old(self) -> list[bytes]:
        return [path.read_bytes() for path in self.names.old()]


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path / "logs")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[FullDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with full_disk(folder) as disk:
        yield disk


def test_folder_and_files_are_for_their_owner_alone(log: Log) -> None:
    file = log.open()
    for _ in range(2):
        file.append(LINE * 10, now())
    file.close()
    assert log.path.parent.stat().st_mode & 0o777 == 0o700
    for path in (log.path, *log.names.old()):
        assert path.stat().st_mode & 0o777 == 0o600


def test_a_link_in_place_of_the_file_is_refused(log: Log, tmp_path: Path) -> None:
    log.path.parent.mkdir()
    log.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        log.open()


def test_a_full_file_is_put_away_and_the_new_one_begins_with_the_head(log: Log) -> None:
    file = log.open(max_bytes=250)
    log.head = b"{}\n"
    for _ in range(5):
        file.append(LINE, now())
    file.close()
    assert log.old() == [LINE * 2, b"{}\n" + LINE * 2]
    assert log.path.read_bytes() == b"{}\n" + LINE


def test_a_head_that_is_larger_than_a_file_turns_no_file(log: Log) -> None:
    file = log.open(max_bytes=150)
    log.head = LINE * 3
    for _ in range(3):
        file.append(LINE, now())
    file.close()
    assert log.old() == [LINE, LINE * 4]
    assert log.path.read_bytes() == LINE * 4


def test_a_file_is_of_one_day(log: Log) -> None:
    file = log.open()
    file.append(LINE, now())
    file.append(LINE, now() + timedelta(days=1))
    file.close()
    assert log.old() == [LINE]


def test_a_file_that_yesterdays_process_left_is_of_yesterday(log: Log) -> None:
    file = log.open()
    file.append(LINE, now())
    file.close()
    yesterday = (now() - timedelta(days=1)).timestamp()
    os.utime(log.path, (yesterday, yesterday))
    file = log.open()
    file.append(LINE, now())
    file.close()
    assert log.old() == [LINE]


def test_old_files_are_removed_when_there_are_too_many(log: Log) -> None:
    file = log.open(max_bytes=100, keep=3)
    for _ in range(10):
        file.append(LINE, now())
    file.close()
    assert log.old() == [LINE] * 3


def test_a_process_that_died_while_it_turned_the_file_left_all_of_it(log: Log) -> None:
    log.path.parent.mkdir()
    log.path.with_name("streams.jsonl.new").write_bytes(LINE)
    log.open().close()
    assert log.path.read_bytes() == LINE


def test_a_new_file_that_was_not_needed_is_removed(log: Log) -> None:
    log.path.parent.mkdir()
    log.path.write_bytes(LINE)
    log.path.with_name("streams.jsonl.new").write_bytes(b"torn")
    log.open().close()
    assert [path.name for path in log.path.parent.iterdir()] == ["streams.jsonl"]
    assert log.path.read_bytes() == LINE


@pytest.mark.parametrize(
    "take_away",
    [
        lambda path: path.unlink(),
        lambda path: path.rename(path.with_name("moved")),
        lambda path: shutil.rmtree(path.parent),
    ],
    ids=["removed", "moved", "folder removed"],
)
def test_a_file_that_is_taken_away_is_begun_anew(
    log: Log, take_away: Callable[[Path], None]
) -> None:
    file = log.open()
    file.append(LINE, now())
    take_away(log.path)
    log.head = b"{}\n"
    file.append(LINE, now())
    file.close()
    assert log.path.read_bytes() == b"{}\n" + LINE


def test_a_file_that_somebody_emptied_is_written_on(log: Log) -> None:
    file = log.open()
    file.append(LINE, now())
    os.truncate(log.path, 0)
    file.append(LINE, now())
    file.close()
    assert log.path.read_bytes() == LINE


def test_a_full_disk_takes_whole_lines_or_none_and_goes_on_when_there_is_room(
    disk: FullDisk,
) -> None:
    log = Log(disk.folder)
    file = log.open(max_bytes=10**6)
    file.append(LINE, now())
    disk.fill(log.path)
    for _ in range(2):
        with pytest.raises(OSError, match=NO_ROOM):
            file.append(LINE * 100, now())
        assert log.path.read_bytes() == LINE
    disk.free()
    file.append(LINE, now())
    file.close()
    assert log.path.read_bytes() == LINE * 2


def test_a_file_that_cannot_be_turned_for_want_of_room_is_kept(disk: FullDisk) -> None:
    log = Log(disk.folder)
    file = log.open(max_bytes=200)
    file.append(LINE, now())
    disk.fill(log.path)
    log.head = LINE * 100
    with pytest.raises(OSError, match=NO_ROOM):
        file.append(LINE * 2, now())
    assert log.path.read_bytes() == LINE
    disk.free()
    file.append(LINE * 2, now())
    file.close()
    assert log.old() == [LINE]
    assert log.path.read_bytes() == LINE * 102


def test_a_file_whose_sync_failed_is_not_used_again(
    log: Log, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    file = log.open()
    file.append(LINE, now())
    with monkeypatch.context() as broken:
        broken.setattr("mlx_relay.sinks.log_file._sync", fail)
        with pytest.raises(OSError, match="Input/output"):
            file.sync()
    file.append(LINE, now())
    file.sync()
    file.close()
    assert log.old() == [LINE]
    assert log.path.read_bytes() == LINE


def test_the_file_of_a_slot_that_nobody_has_is_put_away(log: Log) -> None:
    file = log.open()
    file.append(LINE, now())
    file.archive(now())
    assert log.old() == [LINE]
    assert not log.path.exists()
