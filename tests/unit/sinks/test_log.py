"""The log file: its records, what it keeps of a text, and how it survives a torn line."""

import asyncio
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Done, Response, Thinking, ToolCall
from mlx_relay.sinks import Outcome, SinkContext
from mlx_relay.sinks.log import LineWriter, LogSinks
from support.values import stream_info

STREAM = stream_info()
EVENTS = [Thinking("secret thought"), Response("secret answer"), ToolCall(0, "i", "f", "{}")]
DONE = Outcome(kind="done", seconds=1.5, finish_reason="stop", events=4)


def open_sinks(data_dir: Path, **settings: Any) -> LogSinks:
    return LogSinks.from_context(
        SinkContext(settings=settings, data_dir=data_dir, registry=CollectorRegistry())
    )


async def log_one_stream(data_dir: Path, **settings: Any) -> list[dict[str, Any]]:
    sinks = open_sinks(data_dir, **settings)
    sink = sinks.open(STREAM)
    sink.send(EVENTS[:2])
    sink.send([EVENTS[2], Done("stop")])
    await sink.drain()
    await sink.close(DONE)
    await sinks.close()
    return records(data_dir)


def records(data_dir: Path) -> list[dict[str, Any]]:
    text = (data_dir / "logs" / "streams.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


async def test_by_default_a_stream_leaves_who_when_and_how_but_no_text(tmp_path: Path) -> None:
    started, ended = await log_one_stream(tmp_path)
    assert started["record"] == "stream_started"
    assert (started["user"], started["profile"]) == ("ada", "qwen")
    assert ended["record"] == "stream_ended"
    assert (ended["kind"], ended["finish_reason"], ended["seconds"]) == ("done", "stop", 1.5)
    assert "secret" not in (tmp_path / "logs" / "streams.jsonl").read_text(encoding="utf-8")


async def test_text_keeps_what_was_said_in_the_last_record(tmp_path: Path) -> None:
    *_, ended = await log_one_stream(tmp_path, content="text")
    assert ended["text"]["thinking"] == "secret thought"
    assert ended["text"]["response"] == "secret answer"
    assert [call["name"] for call in ended["text"]["tool_calls"]] == ["f"]


async def test_full_keeps_every_batch_as_the_wire_has_it(tmp_path: Path) -> None:
    _, first, second, _ = await log_one_stream(tmp_path, content="full")
    assert [event["type"] for event in first["events"]] == ["thinking", "response"]
    assert [event["type"] for event in second["events"]] == ["tool_call", "done"]


async def test_the_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    await log_one_stream(tmp_path)
    assert (tmp_path / "logs" / "streams.jsonl").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("whole", ["", '{"a":1}\n', '{"a":1}\n{"b":2}\n'])
@pytest.mark.parametrize("torn", ["", '{"record":"stream_en', "x" * 70_000])
async def test_a_torn_line_is_cut_away_and_whole_ones_stay(
    tmp_path: Path, whole: str, torn: str
) -> None:
    path = tmp_path / "logs" / "streams.jsonl"
    path.parent.mkdir()
    path.write_text(whole + torn, encoding="utf-8")
    sinks = open_sinks(tmp_path)
    await sinks.close()
    assert path.read_text(encoding="utf-8") == whole


def test_a_setting_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.log: .*contents"):
        open_sinks(tmp_path, contents="full")


def test_a_log_that_cannot_be_opened_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    with pytest.raises(ConfigurationError, match=r"log .*streams\.jsonl"):
        open_sinks(tmp_path)


async def test_what_the_queue_cannot_take_is_counted_in_the_next_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, go_on, write = threading.Event(), threading.Event(), os.write

    def slow_disk(file: int, data: bytes) -> int:
        writing.set()
        go_on.wait()
        return write(file, data)

    monkeypatch.setattr("mlx_relay.sinks.log.QUEUE_RECORDS", 1)
    monkeypatch.setattr("mlx_relay.sinks.log.os.write", slow_disk)
    writer = LineWriter(tmp_path / "logs" / "streams.jsonl")
    writer.write({"record": "being written"})
    await asyncio.to_thread(writing.wait)
    for name in ("queued", "lost", "lost", "lost"):
        writer.write({"record": name})
    go_on.set()
    await asyncio.to_thread(writer.flush)
    writer.write({"record": "last"})
    await asyncio.to_thread(writer.close)
    *_, queued, last = records(tmp_path)
    assert queued == {"record": "queued"}
    assert last == {"record": "last", "records_lost_before": 3}
