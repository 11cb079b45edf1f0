"""The records of the log: what they hold, and what they never hold."""

import json
from datetime import UTC, datetime

import msgspec
import pytest

from mlx_relay.events import Done, Response, ToolCall, UsageCounts
from mlx_relay.sinks import Outcome, StreamInfo
from mlx_relay.sinks.records import (
    AnyRecord,
    Events,
    LogGap,
    Texts,
    decode_line,
    encode_line,
    ended,
    lost,
    schema,
    started,
)
from support.values import stream_info

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STREAM = stream_info()
OUTCOME = Outcome(kind="done", seconds=1.5, events=4, usage=UsageCounts(completion_tokens=9))
RECORDS: list[AnyRecord] = [
    started(STREAM, NOW),
    Events(ts=NOW, stream_id="s1", first=2, events=[Response("a"), Done("stop")]),
    ended(STREAM, OUTCOME, None, NOW),
    ended(STREAM, OUTCOME, Texts(response="a", tool_calls=[ToolCall(0, "i", "f", "{}")]), NOW),
    lost(started(STREAM, NOW), "killed", NOW),
    LogGap(ts=NOW, lost=3),
]


@pytest.mark.parametrize("record", RECORDS)
def test_a_record_is_one_line_that_reads_back_as_it_was(record: AnyRecord) -> None:
    line = encode_line(record)
    assert line.index(b"\n") == len(line) - 1
    assert decode_line(line) == record


def test_the_end_of_a_stream_says_who_asked_what_and_how_it_went() -> None:
    fields = json.loads(encode_line(ended(STREAM, OUTCOME, None, NOW)))
    assert fields == {
        "record": "stream_ended",
        "ts": "2026-01-02T03:04:05Z",
        "stream_id": "s1",
        "user_id": 1,
        "user": "ada",
        "profile_id": 2,
        "profile": "qwen",
        "model": "m",
        "started_at": "2026-01-02T00:00:00Z",
        "message_count": 1,
        "kind": "done",
        "seconds": 1.5,
        "events": 4,
        "usage": {"completion_tokens": 9},
    }


def test_of_a_lost_stream_only_its_start_and_the_cause_are_told() -> None:
    record = lost(started(STREAM, NOW), "killed", NOW)
    assert (record.user, record.kind, record.code, record.cause) == (
        "ada",
        "lost",
        "internal",
        "killed",
    )
    assert record.seconds is None


def test_a_field_that_a_stream_gains_is_not_logged_by_itself() -> None:
    class WithPrompt(StreamInfo, frozen=True, kw_only=True):
        prompt: str

    stream = WithPrompt(**msgspec.structs.asdict(STREAM), prompt="secret")
    assert b"secret" not in encode_line(started(stream, NOW))


def test_a_newer_record_with_more_fields_can_still_be_read() -> None:
    line = encode_line(RECORDS[0]).replace(b'"user":', b'"newer":1,"user":')
    assert decode_line(line) == RECORDS[0]


@pytest.mark.parametrize("line", [b"", b"{}", b'{"record":"other"}', b'{"record":"stream_st'])
def test_what_is_no_record_is_refused(line: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_line(line)


def test_the_schema_names_every_record() -> None:
    names = {"StreamStarted", "Events", "StreamEnded", "LogGap"}
    assert names <= set(schema()["$defs"])
