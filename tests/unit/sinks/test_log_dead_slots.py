"""Slots that nobody has any more: their streams end, their files are put away."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mlx_relay.sinks.log_dead_slots import settle_dead_slots
from mlx_relay.sinks.log_file import Keeping
from mlx_relay.sinks.log_names import LogNames
from mlx_relay.sinks.log_slot import take_free_slot
from mlx_relay.sinks.records import StreamEnded, decode_line, encode_line, started
from support.values import stream_info

KEEPING = Keeping(max_bytes=1000, keep=30, keep_days=30)
START = encode_line(started(stream_info(), datetime.now(UTC)))


@pytest.fixture
def names(tmp_path: Path) -> LogNames:
    """A log with the file of slot 1, whose process left a stream open and a torn line."""
    names = LogNames(tmp_path / "streams.jsonl")
    names.live(1).write_bytes(START + b'{"record":"str')
    return names


def test_the_streams_of_a_dead_process_end_and_its_file_is_put_away(names: LogNames) -> None:
    take_free_slot(names).release()
    settle_dead_slots(names, KEEPING, datetime.now(UTC))
    assert not names.live(1).exists()
    [old] = names.old()
    start, end = old.read_bytes().splitlines(keepends=True)
    assert start == START
    record = decode_line(end)
    assert isinstance(record, StreamEnded)
    assert (record.stream_id, record.cause) == ("s1", "killed")


def test_the_streams_of_a_living_process_are_left_alone(names: LogNames) -> None:
    slot = take_free_slot(names)
    settle_dead_slots(names, KEEPING, datetime.now(UTC))
    assert names.live(1).read_bytes() == START + b'{"record":"str'
    slot.release()


def test_an_empty_file_and_one_that_is_gone_are_left_as_they_are(tmp_path: Path) -> None:
    names = LogNames(tmp_path / "streams.jsonl")
    slots = [take_free_slot(names) for _ in range(2)]
    for slot in slots:
        slot.release()
    names.live(1).touch()
    settle_dead_slots(names, KEEPING, datetime.now(UTC))
    assert names.old() == []
    assert names.live(1).exists()


def test_a_file_that_cannot_be_settled_keeps_no_process_from_starting(names: LogNames) -> None:
    take_free_slot(names).release()
    names.live(1).unlink()
    names.live(1).symlink_to(names.path.with_name("elsewhere"))
    names.path.with_name("elsewhere").write_bytes(START)
    settle_dead_slots(names, KEEPING, datetime.now(UTC))
    assert names.path.with_name("elsewhere").read_bytes() == START
