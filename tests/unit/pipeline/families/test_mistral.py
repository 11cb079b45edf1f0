"""Mistral's tags, and calls without an end marker."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

CASES: dict[str, tuple[str, list[Event]]] = {
    "a block and an answer": (
        "[THINK]why\n[/THINK]four",
        [Thinking("why"), END, Response("four")],
    ),
    "text before the block, and white space inside it": (
        "Hm [THINK]a\n\nb[/THINK]\n4",
        [Response("Hm "), Thinking("a\n\nb"), END, Response("\n4")],
    ),
    "a stray closing marker": ("4[/THINK]2", [Response("42")]),
    "a named call": (
        '[TOOL_CALLS]f[ARGS]{"a": "}"} ok',
        [ToolCall(0, "call_0", "f", '{"a": "}"}'), Response(" ok")],
    ),
    "an id, and no marker before the arguments": (
        "[TOOL_CALLS]f[CALL_ID]abcdefghi[ARGS]{}[TOOL_CALLS]g{}",
        [ToolCall(0, "abcdefghi", "f", "{}"), ToolCall(1, "call_1", "g", "{}")],
    ),
    "a list of calls": (
        '[TOOL_CALLS] [{"name": "f", "arguments": {}, "id": "x"}, {"name": "g"}]',
        [ToolCall(0, "x", "f", "{}"), ToolCall(1, "call_1", "g", "{}")],
    ),
    "a blank answer before a call is none": (
        "[THINK]why[/THINK]\n\n[TOOL_CALLS]f{}",
        [Thinking("why"), END, ToolCall(0, "call_0", "f", "{}")],
    ),
    "white space behind an answer stays": (
        "ok\n[TOOL_CALLS]f{}",
        [Response("ok\n"), ToolCall(0, "call_0", "f", "{}")],
    ),
    "a call inside thinking ends it": (
        "[THINK]why [TOOL_CALLS]f{}",
        [Thinking("why"), END, ToolCall(0, "call_0", "f", "{}")],
    ),
    "a marker that the answer only speaks of": (
        "The [TOOL_CALLS] marker {x}",
        [Response("The [TOOL_CALLS] marker {x}")],
    ),
    "arguments that are no JSON": (
        "[TOOL_CALLS]f{a} ok",
        [Response("[TOOL_CALLS]f{a} ok")],
    ),
    "a call that is cut off": ('[TOOL_CALLS]f{"a', [Response('[TOOL_CALLS]f{"a')]),
}


@pytest.mark.parametrize("case", CASES)
def test_reasoning_and_calls_are_told_apart(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="mistral", tool_parser="mistral")
