"""Gemma 4's thought channel and its calls."""

import json

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told


def call(name: str, **arguments: object) -> ToolCall:
    return ToolCall(0, "call_0", name, json.dumps(arguments, ensure_ascii=False))


CASES: dict[str, tuple[str, list[Event]]] = {
    "the label is no thinking": (
        "<|channel>thought\nwhy\n<channel|>four",
        [Thinking("why\n"), END, Response("four")],
    ),
    "no label": ("<|channel>why<channel|>4", [Thinking("why"), END, Response("4")]),
    "nothing but the label": ("<|channel>thought", []),
    "empty blocks": ("<|channel>thought\n<channel|>4<|channel><channel|>", [Response("4")]),
    "a stray end": ("4<channel|>2", [Response("42")]),
    "a block behind an answer": (
        "4<|channel>thought\nhm<channel|>",
        [Response("4"), Thinking("hm"), END],
    ),
    "values of all kinds": (
        (
            '<|tool_call>call:a.b{s:<|"|>x "}" y<|"|>,n:-4.5,b:true,z:null,o:{k:[1,<|"|>a<|"|>]}}'
            "<tool_call|>"
        ),
        [call("a.b", s='x "}" y', n=-4.5, b=True, z=None, o={"k": [1, "a"]})],
    ),
    "a call inside thinking ends it": (
        "<|channel>thought\nwhy<|tool_call>call:f{}<tool_call|>",
        [Thinking("why"), END, call("f")],
    ),
    "no call": (
        "<|tool_call>call:f{a}<tool_call|>",
        [Response("<|tool_call>call:f{a}<tool_call|>")],
    ),
    "a marker that the answer only speaks of": ("<|tool_call> is", [Response("<|tool_call> is")]),
}


@pytest.mark.parametrize("case", CASES)
def test_reasoning_and_calls_are_told_apart(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="gemma4", tool_parser="gemma4")
