"""The log sink as a whole: what it keeps of a stream, and that each stream gets its end."""

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Done, Event, Response, Thinking, ThinkingDone, ToolCall
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.log import LogSinks
from mlx_relay.sinks.records import (
    AnyRecord,
    Events,
    StreamEnded,
    StreamStarted,
    Texts,
    decode_line,
)
from support.values import sink_context, stream_info

STREAM = stream_info()
CALL = ToolCall(0, "i", "f", "{}")
BATCHES: list[list[Event]] = [
    [Thinking("secret "), Thinking("thought")],
    [ThinkingDone(0.1), Response("secret answer")],
    [CALL, Done("stop")],
]
DONE = Outcome(kind="done", seconds=1.5, finish_reason="stop", events=4)


def open_sinks(data_dir: Path, **settings: Any) -> LogSinks:
    return LogSinks.from_context(sink_context("log", data_dir, **settings))


async def log_one_stream(data_dir: Path, **settings: Any) -> list[AnyRecord]:
    sinks = open_sinks(data_dir, **settings)
    sink = sinks.open(STREAM)
    for batch in BATCHES:
        sink.send(batch)
    await sink.drain()
    await sink.close(DONE)
    await sinks.close()
    return records(data_dir / "logs" / "streams.jsonl")


def records(path: Path) -> list[AnyRecord]:
    return [decode_line(line) for line in path.read_bytes().splitlines()]


async def test_by_default_a_stream_leaves_who_when_and_how_but_no_text(tmp_path: Path) -> None:
    started, ended = await log_one_stream(tmp_path)
    assert isinstance(started, StreamStarted)
    assert isinstance(ended, StreamEnded)
    assert (ended.user, ended.profile, ended.kind, ended.seconds) == ("ada", "qwen", "done", 1.5)
    assert ended.text is None
    assert b"secret" not in (tmp_path / "logs" / "streams.jsonl").read_bytes()


async def test_text_keeps_what_was_said_in_the_last_record(tmp_path: Path) -> None:
    _, ended = await log_one_stream(tmp_path, content="text")
    assert isinstance(ended, StreamEnded)
    assert ended.text == Texts(
        thinking="secret thought", response="secret answer", tool_calls=[CALL]
    )


async def test_full_keeps_every_batch_with_the_number_of_its_first_event(tmp_path: Path) -> None:
    _, *batches, _ = await log_one_stream(tmp_path, content="full")
    assert all(isinstance(batch, Events) for batch in batches)
    assert [(batch.first, batch.events) for batch in batches if isinstance(batch, Events)] == [
        (1, BATCHES[0]),
        (3, BATCHES[1]),
        (5, BATCHES[2]),
    ]


async def test_a_stream_that_its_process_left_open_is_ended_by_the_next_one(
    tmp_path: Path,
) -> None:
    await log_one_stream(tmp_path)
    path = tmp_path / "logs" / "streams.jsonl"
    start, _ = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(start.replace(b'"s1"', b'"s0"') + path.read_bytes() + b"torn")
    for _ in range(2):
        await open_sinks(tmp_path).close()
    found = records(path)
    assert len(found) == 4
    assert isinstance(found[-1], StreamEnded)
    assert (found[-1].stream_id, found[-1].kind, found[-1].cause) == ("s0", "lost", "killed")


async def test_two_processes_write_files_of_their_own_and_leave_each_others_streams(
    tmp_path: Path,
) -> None:
    first = open_sinks(tmp_path)
    one = first.open(STREAM)
    second = open_sinks(tmp_path)
    two = second.open(msgspec.structs.replace(STREAM, stream_id="s2"))
    for sink, sinks in ((two, second), (one, first)):
        await sink.close(DONE)
        await sinks.close()
    for name, stream_id in (("streams.jsonl", "s1"), ("streams.2.jsonl", "s2")):
        found = records(tmp_path / "logs" / name)
        assert [r.stream_id for r in found if isinstance(r, StreamStarted)] == [stream_id]
        assert [r.kind for r in found if isinstance(r, StreamEnded)] == ["done"]


async def test_a_stream_that_is_open_when_the_file_is_turned_is_in_both_files(
    tmp_path: Path,
) -> None:
    sinks = open_sinks(tmp_path, max_bytes=1)
    sink = sinks.open(STREAM)
    for number in range(10):
        other = sinks.open(msgspec.structs.replace(STREAM, stream_id=f"other{number}"))
        await other.close(DONE)
    await sink.close(DONE)
    await sinks.close()
    paths = sorted((tmp_path / "logs").glob("*.jsonl"))
    found = [record for path in paths for record in records(path)]
    ends = [record.stream_id for record in found if isinstance(record, StreamEnded)]
    assert sorted(ends) == sorted(["s1", *(f"other{number}" for number in range(10))])


def test_a_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.log: .*contents"):
        open_sinks(tmp_path, contents="full")


def test_a_log_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"log .*streams\.jsonl"):
        open_sinks(tmp_path)


async def test_the_file_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        await log_one_stream(tmp_path)
    finally:
        os.umask(before)
    assert (tmp_path / "logs" / "streams.jsonl").stat().st_mode & 0o777 == 0o600
