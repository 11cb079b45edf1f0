"""Calls as Python lists."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

F = ToolCall(0, "call_0", "f", '{"a": 1, "b": "]"}')

CASES: dict[str, tuple[str, list[Event]]] = {
    "a bare list": (
        "[f(a=1, b=']'), g.h()] ok",
        [F, ToolCall(1, "call_1", "g.h", "{}"), Response(" ok")],
    ),
    "between tokens": ("Hm <|python_start|>[f(a=1, b=']')]<|python_end|>", [Response("Hm "), F]),
    "white space before a bare list": ("\n[f(a=1, b=']')]", [Response("\n"), F]),
    "a list in an answer": ("So: [f(a=1)]", [Response("So: [f(a=1)]")]),
    "an answer that begins with a bracket": ("[1] says so", [Response("[1] says so")]),
    "a link": ("[f(x)](y)", [Response("[f(x)](y)")]),
    "a name and no call": ("[see it's here", [Response("[see it's here")]),
    "a list that is cut off": ("[f(a=1", [Response("[f(a=1")]),
}


@pytest.mark.parametrize("case", CASES)
def test_calls_are_told_apart(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="pythonic", tool_parser="llama4_pythonic")


def test_a_call_of_lfm2_inside_thinking_ends_it() -> None:
    assert_told(
        '<think>why<|tool_call_start|>[f(a=1, b="]")]<|tool_call_end|>',
        [Thinking("why"), END, F],
        reasoning_parser="lfm2",
        tool_parser="lfm2",
    )
