"""What a dead process left: torn lines are cut away, streams without an end are found."""

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from mlx_relay.sinks import Outcome
from mlx_relay.sinks.log_recovery import cut_torn_line, ends_of_lost, open_streams
from mlx_relay.sinks.records import StreamEnded, decode_line, encode_line, ended, started
from support.values import stream_info

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def start_line(stream_id: str) -> bytes:
    return encode_line(started(msgspec.structs.replace(stream_info(), stream_id=stream_id), NOW))


def end_line(stream_id: str) -> bytes:
    stream = msgspec.structs.replace(stream_info(), stream_id=stream_id)
    return encode_line(ended(stream, Outcome(kind="done", seconds=1.0), None, NOW))


@pytest.mark.parametrize("whole", [b"", b'{"a":1}\n', b'{"a":1}\n{"b":2}\n'])
@pytest.mark.parametrize("torn", [b"", b'{"record":"stream_en', b"x" * 70_000])
def test_a_torn_line_is_cut_away_and_whole_ones_stay(
    tmp_path: Path, whole: bytes, torn: bytes
) -> None:
    path = tmp_path / "streams.jsonl"
    path.write_bytes(whole + torn)
    file = os.open(path, os.O_RDWR)
    for _ in range(2):
        cut_torn_line(file)
        assert path.read_bytes() == whole
    os.close(file)


def test_a_stream_with_a_start_and_no_end_is_open(tmp_path: Path) -> None:
    path = tmp_path / "streams.jsonl"
    path.write_bytes(start_line("a") + start_line("b") + end_line("a") + start_line("c"))
    assert open_streams(path) == {"b": start_line("b"), "c": start_line("c")}


def test_a_line_that_is_no_record_keeps_nothing_else_from_being_read(tmp_path: Path) -> None:
    path = tmp_path / "streams.jsonl"
    path.write_bytes(start_line("a") + b"\x00\x00\n" + b"{}\n" + end_line("a") + start_line("b"))
    assert list(open_streams(path)) == ["b"]


def test_a_lost_stream_gets_an_end_with_the_cause() -> None:
    broken = start_line("b").replace(b"user_id", b"no_such")
    [end] = ends_of_lost([start_line("a"), broken], "killed", NOW)
    assert (end.stream_id, end.mark) == ("a", "end")
    record = decode_line(end.data)
    assert isinstance(record, StreamEnded)
    assert (record.kind, record.cause, record.profile) == ("lost", "killed", "qwen")
