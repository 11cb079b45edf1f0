"""The streams that break the naive design: knowledge of real upstreams, row by row."""

import pytest

from laws import merged, play
from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Event,
    Response,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from unit.pipeline.frames import DONE, ENDING, FINISH, call, calls, content, delta, frame, usage

END = ThinkingDone(0.0)
STOP = Done("stop")
COUNTS = UsageCounts(3, 5, 8)


def error(code: str, cause: str) -> Error:
    return Error.from_failure(StreamError(code, cause))


IN_BAND = error("upstream_error", "in_band")
TRUNCATED = error("upstream_truncated", "truncated")

ROWS: dict[str, tuple[bytes, list[Event]]] = {
    "1 usage without choices": (
        content("hi") + usage(3, 5) + DONE,
        [Response("hi"), Usage(3, 5, 8), Done("unknown", COUNTS)],
    ),
    "2 nulls and rubbish": (
        frame({"choices": None}) + frame({"choices": [{"delta": None}]}) + frame(1) + ENDING,
        [STOP],
    ),
    "3 the opening tag in pieces": (
        content("<th", "ink>", "a", "</think>", "b") + ENDING,
        [Thinking("a"), END, Response("b"), STOP],
    ),
    "4 the closing tag in pieces": (
        content("<think>", "a</", "think>", "b") + ENDING,
        [Thinking("a"), END, Response("b"), STOP],
    ),
    "5 reasoning_content": (
        delta(reasoning_content="why") + content("b") + ENDING,
        [Thinking("why"), END, Response("b"), STOP],
    ),
    "5 reasoning": (
        delta(reasoning="why") + content("b") + ENDING,
        [Thinking("why"), END, Response("b"), STOP],
    ),
    "6 only reasoning": (delta(reasoning="why") + ENDING, [Thinking("why"), END, STOP]),
    "9 the closing tag never comes": (
        content("<think>a", "b") + ENDING,
        [Thinking("ab"), END, STOP],
    ),
    "9 and no finish reason either": (
        content("<think>a", "b") + DONE,
        [Thinking("ab"), END, TRUNCATED],
    ),
    "10 a tag in backticks": (
        content("Use the `<think>` tag. Then…") + ENDING,
        [Response("Use the `<think>` tag. Then…"), STOP],
    ),
    "12 an error, then stop and [DONE]": (
        content("par") + frame({"error": {"message": "boom", "code": "500"}}) + ENDING,
        [Response("par"), IN_BAND],
    ),
    "13 an error that is a string": (
        content("par") + frame({"error": "boom"}),
        [Response("par"), IN_BAND],
    ),
    "13 an error event": (
        content("par") + b'event: error\ndata: {"type":"about:blank"}\n\n' + ENDING,
        [Response("par"), IN_BAND],
    ),
    "13 an error field": (
        content("par") + b'error: {"code":500,"message":"boom"}\n\n',
        [Response("par"), IN_BAND],
    ),
    "14 no [DONE]": (content("par"), [Response("par"), TRUNCATED]),
    "14 [DONE] alone": (content("par") + DONE, [Response("par"), TRUNCATED]),
    "14 a finish reason without [DONE]": (content("par") + FINISH, [Response("par"), STOP]),
    "17 a whole completion": (
        frame({"choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]}),
        [Response("hi"), STOP],
    ),
    "18 no space": (ENDING.replace(b"data: ", b"data:"), [STOP]),
    "19 data on several lines": (
        b'data: {"choices":\ndata:[{"delta":{"content":"hi"},"finish_reason":"stop"}]\ndata:}\n\n',
        [Response("hi"), STOP],
    ),
    "20 line ends that are none": (
        'data: {"choices":[{"delta":{"content":"a\u2028b\u0085c"}}]}\n\n'.encode() + ENDING,
        [Response("a\u2028b\u0085c"), STOP],
    ),
    "21 a byte order mark": (b"\xef\xbb\xbf" + content("hi") + ENDING, [Response("hi"), STOP]),
    "22 calls and usage": (
        calls(call("f", '{"a":', index=0, id="x"))
        + calls(call("", "1}", index=0))
        + FINISH
        + usage(3, 5)
        + DONE,
        [ToolCall(0, "x", "f", '{"a":1}'), Usage(3, 5, 8), Done("tool_calls", COUNTS)],
    ),
    "23 content in parts": (
        delta(content=[{"type": "text", "text": "hi"}]) + ENDING,
        [Response("hi"), STOP],
    ),
    "25 one long delta": (content("x" * 1000) + ENDING, [Response("x" * 1000), STOP]),
    "27 CRLF": (
        (content("hi") + ENDING).replace(b"\n", b"\r\n"),
        [Response("hi"), STOP],
    ),
    "29 both reasoning fields": (
        delta(reasoning="why", reasoning_content="why", content=None) + ENDING,
        [Thinking("why"), END, STOP],
    ),
    "31 white space around thinking": (
        content("<think>", "\n", "</think>", "\n\n", "4") + ENDING,
        [Response("\n\n4"), STOP],
    ),
    "32 half a surrogate pair": (
        b'data: {"choices":[{"delta":{"content":"a\\ud83d"}}]}\n\n' + ENDING,
        [Response("a\ufffd"), STOP],
    ),
}


@pytest.mark.parametrize("row", ROWS)
def test_the_stream_gives_the_right_events(row: str) -> None:
    stream, events = ROWS[row]
    assert merged(play([stream])) == events


@pytest.mark.parametrize("row", ROWS)
def test_so_it_does_byte_by_byte(row: str) -> None:
    stream, events = ROWS[row]
    assert merged(play([stream[at : at + 1] for at in range(len(stream))])) == events


def test_7_an_opened_template_needs_the_profile_to_say_so() -> None:
    stream = content("why", "</think>", "\n\nFour") + ENDING
    assert merged(play([stream])) == [Response("why</think>\n\nFour"), STOP]
    assert merged(play([stream], starts_in_thinking=True)) == [
        Thinking("why"),
        END,
        Response("\n\nFour"),
        STOP,
    ]


def test_8_without_a_parser_the_tags_stay_in_the_text() -> None:
    stream = content("<think>why</think>4") + ENDING
    assert play([stream], reasoning_parser=None) == [Response("<think>why</think>4"), STOP]
