"""JSON calls between ``<tool_call>`` tags."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told, told

TIME = '<tool_call>{"name": "time", "arguments": {}}</tool_call>'
CALL = ToolCall(0, "call_0", "time", "{}")

CASES: dict[str, tuple[str, list[Event]]] = {
    "a call between texts": (
        f"Hm\n{TIME}\nthen",
        [Response("Hm\n"), CALL, Response("\nthen")],
    ),
    "the arguments keep the model's own words": (
        '<tool_call>{"arguments": {"a" :1.0, "a": "\\u00e9"}, "name": "f", "id": "x"}</tool_call>',
        [ToolCall(0, "x", "f", '{"a" :1.0, "a": "\\u00e9"}')],
    ),
    "arguments as a string that holds JSON": (
        '<tool_call>{"name": "f", "arguments": "{\\"a\\": 1}"}</tool_call>',
        [ToolCall(0, "call_0", "f", '{"a": 1}')],
    ),
    "the closing tag inside a string": (
        '<tool_call>{"name": "f", "arguments": {"a": "</tool_call> \\" }"}}</tool_call>',
        [ToolCall(0, "call_0", "f", '{"a": "</tool_call> \\" }"}')],
    ),
    "the closing tag is missing before the next call": (
        f'<tool_call>{{"name": "time"}}\n{TIME}',
        [CALL, ToolCall(1, "call_1", "time", "{}")],
    ),
    "the closing tag is missing at the end": ('<tool_call>{"name": "time"}', [CALL]),
    "a call inside thinking ends it": (
        f"<think>why\n{TIME}\n</think>ok",
        [Thinking("why\n"), END, CALL, Response("\n</think>ok")],
    ),
    "a tag that thinking only speaks of": (
        "<think>I could <tool_call> it.</think>ok",
        [Thinking("I could <tool_call> it."), END, Response("ok")],
    ),
    "a tag that the answer only speaks of": (
        f"A <tool_call> is not {TIME}",
        [Response("A <tool_call> is not "), CALL],
    ),
    "a call quoted in a fenced block": (
        f"```xml\n{TIME}\n```\n{TIME}",
        [Response(f"```xml\n{TIME}\n```\n"), CALL],
    ),
    "no JSON": (
        '<tool_call>{"name": </tool_call> ok',
        [Response('<tool_call>{"name": </tool_call> ok')],
    ),
    "JSON that is no call": (
        '<tool_call>{"name": ""}</tool_call><tool_call>[1]</tool_call>',
        [Response('<tool_call>{"name": ""}</tool_call><tool_call>[1]</tool_call>')],
    ),
    "arguments that are no object": (
        '<tool_call>{"name": "f", "arguments": [1]}</tool_call>',
        [Response('<tool_call>{"name": "f", "arguments": [1]}</tool_call>')],
    ),
    "a call that is cut off": (
        '<tool_call>{"name": "f", "argum',
        [Response('<tool_call>{"name": "f", "argum')],
    ),
    "a broken call does not take the next one along": (
        f'<tool_call>{{"name" "f"}}</tool_call>{TIME}',
        [Response('<tool_call>{"name" "f"}</tool_call>'), CALL],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reasoning", ["hermes", "qwen3", "think"])
def test_calls_are_told_apart(case: str, reasoning: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser=reasoning, tool_parser="hermes")


def test_without_a_tool_parser_the_tag_ends_thinking_and_stays_text() -> None:
    assert_told(
        f"<think>why{TIME}",
        [Thinking("why"), END, Response(TIME)],
        reasoning_parser="qwen3",
    )
    assert_told(
        f"<think>why <tool_call> is</think>{TIME}",
        [Thinking("why <tool_call> is"), END, Response(TIME)],
        reasoning_parser="qwen3",
    )


def test_a_family_without_calls_lets_them_pass() -> None:
    assert told(TIME, reasoning_parser=None, tool_parser="think") == [Response(TIME)]
