"""Granite."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

JSON = '[{"name": "time", "arguments": {}}]'
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "prose stands around the reasoning": (
        "granite",
        "Here is my thought process: why Here is my response: 4",
        [Thinking(" why "), END, Response(" 4")],
    ),
    "the prose may be short": (
        "granite",
        "\nHere's my thought process:why Here's my response:4",
        [Response("\n"), Thinking("why "), END, Response("4")],
    ),
    "what only begins like the prose is the answer": (
        "granite",
        "Here is my thought pattern: 4",
        [Response("Here is my thought pattern: 4")],
    ),
    "the prose in the middle of an answer is the answer": (
        "granite",
        "So: Here is my thought process: 4",
        [Response("So: Here is my thought process: 4")],
    ),
    "without an end all is thinking": (
        "granite",
        "Here is my thought process: why Here is my resp",
        [Thinking(" why Here is my resp"), END],
    ),
    "the wrapper of the answer is dropped": (
        "granite_33",
        "<think>why</think><response>4</response>",
        [Thinking("why"), END, Response("4")],
    ),
    "the wrapper may be missing": (
        "granite_33",
        "<think>why</think>4",
        [Thinking("why"), END, Response("4")],
    ),
    "a list of calls ends where it closes": (
        "granite",
        f"Hm <|tool_call|>{JSON} ok",
        [Response("Hm "), TIME, Response(" ok")],
    ),
    "a call of the 20B ends where it closes": (
        "granite_20b_fc",
        '<function_call> {"name": "time"}<function_call> {"name": "time"}',
        [TIME, ToolCall(1, "call_1", "time", "{}")],
    ),
    "a malformed list comes back once": (
        "granite",
        '<|tool_call|>[{"x": 1}] ok',
        [Response('<|tool_call|>[{"x": 1}] ok')],
    ),
    "a list that is cut off comes back once": (
        "granite",
        '<|tool_call|>[{"name": "ti',
        [Response('<|tool_call|>[{"name": "ti')],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
