"""The wire format: each event as the contract writes it, and nothing that is null."""

import pytest
from msgspec import ValidationError

from mlx_relay.errors import FAILURES, StreamError
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
    decode,
    encode,
)

WIRE: list[tuple[Event, bytes]] = [
    (Start("s", "p", "m"), b'{"type":"start","stream_id":"s","profile":"p","model":"m"}'),
    (Status("queued", 2), b'{"type":"status","phase":"queued","position":2}'),
    (Status("waiting"), b'{"type":"status","phase":"waiting"}'),
    (Thinking("a"), b'{"type":"thinking","content":"a"}'),
    (ThinkingDone(3.2), b'{"type":"thinking_done","duration":3.2}'),
    (Response("\u2028\n"), '{"type":"response","content":"\u2028\\n"}'.encode()),
    (
        ToolCall(0, "i", "f", "{}"),
        b'{"type":"tool_call","index":0,"id":"i","name":"f","arguments":"{}"}',
    ),
    (Usage(prompt_tokens=1), b'{"type":"usage","prompt_tokens":1}'),
    (
        Error("x", "internal", retryable=True),
        b'{"type":"error","content":"x","code":"internal","retryable":true}',
    ),
    (Done("stop"), b'{"type":"done","finish_reason":"stop"}'),
    (
        Done("length", UsageCounts(total_tokens=3)),
        b'{"type":"done","finish_reason":"length","usage":{"total_tokens":3}}',
    ),
]


@pytest.mark.parametrize(("event", "line"), WIRE)
def test_an_event_is_one_line_of_json_and_comes_back_the_same(event: Event, line: bytes) -> None:
    assert encode(event) == line
    assert b"\n" not in line
    assert decode(line) == event


def test_an_unknown_type_is_no_event() -> None:
    with pytest.raises(ValidationError):
        decode(b'{"type":"execute","content":"x"}')


@pytest.mark.parametrize("code", FAILURES)
def test_every_failure_becomes_an_error_with_its_sentence(code: str) -> None:
    error = Error.from_failure(StreamError(code, "why", upstream_status=418))
    assert error.code == code
    assert error.detail == "why"
    assert error.content.endswith((".", "?"))
    assert "{" not in error.content


def test_a_refused_request_names_the_upstreams_status() -> None:
    failure = StreamError("upstream_rejected", "4xx", upstream_status=404)
    assert failure.sentence == "The MLX server refused the request (HTTP 404)."
