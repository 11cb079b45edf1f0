"""Formats that differ in the markers around the JSON of their calls."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

JSON = '{"name": "time", "arguments": {}}'
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "apriel starts in thinking": (
        "apriel",
        f"why[BEGIN FINAL RESPONSE]4<tool_calls>[{JSON}]</tool_calls>[END FINAL RESPONSE]",
        [Thinking("why"), END, Response("4"), TIME],
    ),
    "apriel may write the prose of its template": (
        "apriel",
        "Here are my reasoning steps:\nwhy[BEGIN FINAL RESPONSE]4",
        [Thinking("why"), END, Response("4")],
    ),
    "thinking of nemotron may speak of calls": (
        "nemotron_v2",
        f"a <TOOLCALL> b</think>4<TOOLCALL>[{JSON}]</TOOLCALL>",
        [Thinking("a <TOOLCALL> b"), END, Response("4"), TIME],
    ),
    "a list ends where it closes": (
        "phi4mini",
        f"Hm functools[{JSON}] ok",
        [Response("Hm "), TIME, Response(" ok")],
    ),
    "a module of Python is no call": (
        "phi4mini",
        "import functools [x] functools",
        [Response("import functools [x] functools")],
    ),
    "an end marker inside a string closes nothing": (
        "internlm2",
        (
            '<|action_start|><|plugin|>{"name": "f", "parameters": {"a": "<|action_end|>"}}'
            "<|action_end|>"
        ),
        [ToolCall(0, "call_0", "f", '{"a": "<|action_end|>"}')],
    ),
    "a call behind the separator of messages": (
        "gigachat3",
        f"Hm<|message_sep|>\n\nfunction call<|role_sep|>\n{JSON}",
        [Response("Hm"), TIME],
    ),
    "a malformed list comes back once": (
        "jamba",
        "<tool_calls>[{}]</tool_calls>4",
        [Response("<tool_calls>[{}]</tool_calls>4")],
    ),
    "a list that is cut off comes back once": (
        "jamba",
        '4<tool_calls>[{"name": "ti',
        [Response('4<tool_calls>[{"name": "ti')],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
