"""Reading a log that is whole, that grows, and that is turned meanwhile."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from mlx_relay.sinks import Outcome
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_reader import LogReader
from mlx_relay.sinks.records import encode_line, ended, started
from support.values import stream_info

NOW = datetime(2026, 1, 2, tzinfo=UTC)
DONE = Outcome(kind="done", seconds=1.0)


def lines(name: str, minute: int) -> bytes:
    """Return the start and the end of a stream."""
    stream = msgspec.structs.replace(stream_info(), stream_id=name)
    now = NOW + timedelta(minutes=minute)
    return encode_line(started(stream, now)) + encode_line(ended(stream, DONE, None, now))


def read(reader: LogReader) -> str:
    return "".join(record.stream_id for record in reader.new_ends())


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


def test_ends_come_in_the_order_of_time_from_all_files(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    names.new_old(1, NOW).write_bytes(lines("a", 1) + lines("c", 3))
    names.live(1).write_bytes(lines("e", 5))
    names.live(2).write_bytes(lines("b", 2) + lines("d", 4))
    assert read(LogReader(names)) == "abcde"


def test_each_end_comes_once_and_a_line_only_when_it_is_whole(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    reader = LogReader(names)
    data = lines("a", 1) + lines("b", 2)
    found = ""
    for byte in data:
        append(names.live(1), bytes([byte]))
        found += read(reader)
    assert found == "ab"


def test_a_file_that_is_turned_is_read_on_under_its_new_name(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    reader = LogReader(names)
    append(names.live(1), lines("a", 1))
    assert read(reader) == "a"
    append(names.live(1), lines("b", 2))
    names.live(1).rename(names.new_old(1, NOW))
    append(names.live(1), lines("c", 3))
    assert read(reader) == "bc"
    append(names.live(2), lines("d", 4))
    assert read(reader) == "d"


def test_a_torn_line_that_is_cut_away_is_no_loss(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    reader = LogReader(names)
    names.live(1).write_bytes(lines("a", 1) + lines("b", 2)[:50])
    assert read(reader) == "a"
    with names.live(1).open("r+b") as file:
        file.truncate(len(lines("a", 1)))
    append(names.live(1), lines("c", 3))
    assert read(reader) == "c"


def test_an_end_that_cannot_be_read_is_counted(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    names.live(1).write_bytes(lines("a", 1) + b'{"record":"stream_ended"}\nrubbish\n')
    reader = LogReader(names)
    assert read(reader) == "a"
    assert reader.unreadable == 1


def test_a_log_that_is_not_there_has_no_ends(tmp_path: Path) -> None:
    assert read(LogReader(LogNames(tmp_path / "none" / "streams.jsonl"))) == ""
