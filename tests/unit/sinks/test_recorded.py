"""A stream as a cassette: what the file says, and what it never does."""

import json

import msgspec
import pytest

from mlx_relay.sinks import Outcome
from mlx_relay.sinks.recorded import Recorded, encode_cassette
from support.values import stream_info

DONE = Outcome(kind="done", seconds=2)


def lines(recorded: Recorded) -> list[dict[str, object]]:
    return [json.loads(line) for line in encode_cassette(recorded).splitlines()]


def test_every_read_is_a_line_with_its_moment() -> None:
    found = lines(Recorded(stream_info(), DONE, [(0.5, b"data: \xc3"), (1.0, b"\xa9\n\n")]))
    assert found[1:] == [
        {"t": 0.5, "head": True},
        {"t": 0.5, "b": "ZGF0YTogww=="},
        {"t": 1.0, "b": "qQoK"},
        {"t": 2, "end": "eof"},
    ]


def test_the_request_has_the_shape_of_what_was_asked_and_no_word_of_it() -> None:
    stream = msgspec.structs.replace(stream_info(), message_count=2, model="/home/ada/models/qwen")
    header = lines(Recorded(stream, DONE, [(0.5, b"x")]))[0]
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
    assert lines(Recorded(stream_info(), outcome, [(0.5, b"x")]))[-1] == {"t": 2, **end}
