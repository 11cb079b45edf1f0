"""What every dialect keeps to, whatever its words."""

import json
from datetime import UTC, datetime

import pytest

from mlx_relay.errors import FAILURES
from mlx_relay.events import (
    Done,
    Error,
    Event,
    Response,
    Start,
    Status,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.pipeline.sse import Decoder
from mlx_relay.sinks import StreamInfo
from mlx_relay.web.dialects.encoder import Encoder
from mlx_relay.web.dialects.openai import OpenAiEncoder

INFO = StreamInfo(
    stream_id="abc",
    user_id=7,
    user="ada",
    profile_id=1,
    profile="qwen",
    model="m",
    started_at=datetime(2026, 1, 2, tzinfo=UTC),
    message_count=1,
)
ENCODERS: dict[str, Encoder] = {
    "openai": OpenAiEncoder(INFO, reasoning_fields=("reasoning_content",), includes_usage=True),
}
EVENTS: list[Event] = [
    Start("abc", "qwen", "m"),
    Status("queued", 2),
    Status("waiting"),
    Thinking("why\n\n"),
    ThinkingDone(1.0),
    Response("a\u2028\r\nb"),
    ToolCall(0, "call_0", "f", "{}"),
    Usage(3, 4, 7),
    Done("stop", UsageCounts(3, 4, 7)),
    Error("Broken.", "internal", True),
]


@pytest.mark.parametrize("name", ENCODERS)
def test_every_event_is_whole_messages_without_id_or_retry(name: str) -> None:
    for event in EVENTS:
        said = ENCODERS[name].encode(event)
        assert said == b"" or said.endswith(b"\n\n"), event
        lines = said.split(b"\n")
        assert all(line.startswith((b"data: ", b": ")) for line in lines if line), event


@pytest.mark.parametrize("name", ENCODERS)
def test_what_waits_is_a_comment_and_no_message(name: str) -> None:
    for event in (Status("queued", 2), Status("waiting")):
        assert Decoder().feed(ENCODERS[name].encode(event)) == []


@pytest.mark.parametrize("name", ENCODERS)
@pytest.mark.parametrize("code", FAILURES)
def test_a_failure_that_has_a_status_keeps_it(name: str, code: str) -> None:
    status, body = ENCODERS[name].describe_error(502, code, FAILURES[code].sentence)
    assert status == 502
    assert FAILURES[code].sentence in json.dumps(body)
