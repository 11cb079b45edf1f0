"""The channels of gpt-oss."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

ANALYSIS = "<|channel|>analysis<|message|>why<|end|>"
NEXT = "<|start|>assistant"
CALL = ToolCall(0, "call_0", "f", '{"a":1}')

CASES: dict[str, tuple[str, list[Event]]] = {
    "thinking and answer": (
        f"{ANALYSIS}{NEXT}<|channel|>final<|message|>4<|return|>",
        [Thinking("why"), END, Response("4")],
    ),
    "several of each": (
        (
            f"{ANALYSIS}{NEXT}{ANALYSIS}{NEXT}<|channel|>commentary<|message|>Hm <|end|>"
            f"{NEXT}<|channel|>final<|message|>4"
        ),
        [Thinking("why"), END, Thinking("why"), END, Response("Hm 4")],
    ),
    "a call on the commentary channel": (
        (
            f"{ANALYSIS}{NEXT}<|channel|>commentary to=functions.f <|constrain|>json<|message|>"
            '{"a":1}<|call|>'
        ),
        [Thinking("why"), END, CALL],
    ),
    "a recipient before the channel, at the start": (
        ' to=functions.f<|channel|>analysis code<|message|>{"a":1}<|call|>',
        [CALL],
    ),
    "a recipient makes a call on every channel": (
        '<|channel|>final to=f<|message|>{"a":1}<|end|>',
        [CALL],
    ),
    "a dotted name, no arguments, and a stray word behind it": (
        (
            "<|channel|>commentary to=functions.math.sum<|message|><|call|>commentary"
            "<|channel|>final<|message|>4"
        ),
        [ToolCall(0, "call_0", "math.sum", "{}"), Response("4")],
    ),
    "the server took the last marker off": (
        '<|channel|>commentary to=f<|message|>{"a":1}',
        [CALL],
    ),
    "the last of two channels wins": (
        "<|channel|>commentary to=assistant<|channel|>analysis<|message|>why<|end|>",
        [Thinking("why"), END],
    ),
    "a message does not end before the next": (
        "<|channel|>analysis<|message|>why<|channel|>final<|message|>4",
        [Thinking("why"), END, Response("4")],
    ),
    "arguments that are no JSON": (
        "<|channel|>analysis to=python<|message|>1+1<|call|>",
        [Response("<|channel|>analysis to=python<|message|>1+1<|call|>")],
    ),
    "an answer without its message marker": (
        '<|channel|>final {"a":1}<|return|>',
        [Response('<|channel|>final {"a":1}')],
    ),
    "a header that is cut off": (
        "<|channel|>analysis<|mess",
        [Response("<|channel|>analysis<|mess")],
    ),
    "a header without end": (
        "<|channel|>" + "x" * 400,
        [Response("<|channel|>" + "x" * 400)],
    ),
    "a server that split the channels": ("commentary to=x", [Response("commentary to=x")]),
}


@pytest.mark.parametrize("case", CASES)
def test_channels_are_told_apart(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="harmony", tool_parser="harmony")


def test_without_a_tool_parser_a_call_stays_text() -> None:
    call = "<|channel|>commentary to=f<|message|>{}<|call|>"
    assert_told(
        "<|channel|>analysis<|message|>why" + call,
        [Thinking("why"), END, Response(call.removesuffix("<|call|>"))],
        reasoning_parser="harmony",
    )


def test_without_a_reasoning_parser_only_calls_are_read() -> None:
    assert_told(
        ANALYSIS + '<|channel|>commentary to=f<|message|>{"a":1}<|call|>',
        [Response(ANALYSIS), CALL],
        reasoning_parser=None,
        tool_parser="harmony",
    )
