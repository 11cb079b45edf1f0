"""A stream as a cassette: what the file says, and what it never does."""

import json

import msgspec
import pytest

from mlx_relay.sinks import Outcome
from mlx_relay.sinks.recorded import KEPT_HEADERS, Recorded, RecordedHead, encode_cassette
from support.processes import ROOT
from support.values import stream_info

DONE = Outcome(kind="done", seconds=2)
HEAD = RecordedHead(0.4, 200, {"content-type": "text/event-stream"})


def lines(recorded: Recorded) -> list[dict[str, object]]:
    return [json.loads(line) for line in encode_cassette(recorded).splitlines()]


def test_every_read_is_a_line_with_its_moment() -> None:
    found = lines(Recorded(stream_info(), DONE, HEAD, [(0.5, b"data: \xc3"), (1.0, b"\xa9\n\n")]))
    assert found[1:] == [
        {"t": 0.4, "head": True},
        {"t": 0.5, "b": "ZGF0YTogww=="},
        {"t": 1.0, "b": "qQoK"},
        {"t": 2, "end": "eof"},
    ]


def test_the_request_has_the_shape_of_what_was_asked_and_no_word_of_it() -> None:
    stream = msgspec.structs.replace(stream_info(), message_count=2, model="/home/ada/models/qwen")
    header = lines(Recorded(stream, DONE, HEAD, [(0.5, b"x")]))[0]
    request = header["request"]
    assert isinstance(request, dict)
    assert request["json"]["model"] == "qwen"
    assert request["json"]["messages"] == [{"role": "user", "content": ""}] * 2
    assert "/home" not in json.dumps(header)


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (Outcome(kind="client_gone", seconds=2), {"end": "client-closed", "by": "downstream"}),
        (Outcome(kind="error", code="upstream_timeout", seconds=2), {"end": "timeout"}),
        (Outcome(kind="error", code="upstream_truncated", seconds=2), {"end": "eof"}),
    ],
)
def test_the_last_line_says_who_ended_it(outcome: Outcome, end: dict[str, str]) -> None:
    assert lines(Recorded(stream_info(), outcome, HEAD, [(0.5, b"x")]))[-1] == {"t": 2, **end}


def test_of_the_head_is_kept_what_names_nobody() -> None:
    head = RecordedHead(0.4, 429, {"server": "mlx", "retry-after": "5", "set-cookie": "secret"})
    header = lines(Recorded(stream_info(), DONE, head, []))[0]
    assert header["response"] == {
        "status": 429,
        "headers": [["server", "mlx"], ["retry-after", "5"]],
        "http": "1.0",
        "framing": "close",
        "reason": "Too Many Requests",
    }
    assert header["redacted"] == ["request.json.messages", "response.headers.set-cookie"]
    assert "secret" not in json.dumps(header)


def test_the_head_of_a_json_answer_is_that_of_the_stream_it_was_made() -> None:
    head = RecordedHead(0.4, 200, {"content-type": "application/json", "content-length": "7"})
    response = lines(Recorded(stream_info(), DONE, head, [(0.5, b"x")]))[0]["response"]
    assert isinstance(response, dict)
    assert response["headers"] == [["content-type", "text/event-stream"]]


def test_the_documentation_lists_the_headers_that_are_kept() -> None:
    page = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
    assert ", ".join(f"`{name}`" for name in KEPT_HEADERS) in page
