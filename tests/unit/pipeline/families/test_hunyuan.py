"""Hunyuan."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

TIME = ToolCall(0, "call_0", "time", "{}")


def suffixed(text: str, suffix: str) -> str:
    return text.replace(">", f"{suffix}>")


V3 = (
    "<think>why<tool_calls>\n<tool_call>weather<tool_sep>\n<arg_key>zip</arg_key>\n"
    "<arg_value>012</arg_value>\n</tool_call>\n</tool_calls>"
)
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "line ends belong to the tags": (
        "hunyuan_a13b",
        "<think>\na\n\n</think>\n<answer>\n4\n</answer>",
        [Thinking("a\n"), END, Response("4")],
    ),
    "in fast mode the block is blank": (
        "hunyuan_a13b",
        "<think>\n\n</think>\n<answer>\n4\n</answer>",
        [Response("4")],
    ),
    "the wrapper of the answer may be missing": (
        "hunyuan_a13b",
        "<think>\na\n</think>\n4",
        [Thinking("a"), END, Response("\n4")],
    ),
    "a13b writes a list of calls": (
        "hunyuan_a13b",
        '<tool_calls>[{"name": "time", "arguments": {}}]</tool_calls>',
        [TIME],
    ),
    "a malformed list comes back once": (
        "hunyuan_a13b",
        '<tool_calls>[{"x": 1}]</tool_calls>',
        [Response('<tool_calls>[{"x": 1}]</tool_calls>')],
    ),
    "version 4 writes no separator": (
        "hunyuan_v3",
        "<tool_calls><tool_call>time</tool_call></tool_calls>",
        [TIME],
    ),
    "a malformed call comes back once": (
        "hunyuan_v3",
        "<tool_calls><tool_call>time<arg_key>a</arg_key></tool_call></tool_calls>4",
        [Response("<tool_call>time<arg_key>a</arg_key></tool_call>4")],
    ),
    "a call that is cut off comes back once": (
        "hunyuan_v3",
        "<tool_calls><tool_call>time<arg_key>a",
        [Response("<tool_call>time<arg_key>a")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)


@pytest.mark.parametrize("suffix", ["", ":opensource", ":6124c78e"])
def test_a_call_ends_thinking_whatever_the_suffix_of_its_tags(suffix: str) -> None:
    call = ToolCall(0, "call_0", "weather", '{"zip": "012"}')
    assert_told(
        suffixed(V3, suffix),
        [Thinking("why"), END, call],
        reasoning_parser="hunyuan_v3",
        tool_parser="hunyuan_v3",
    )
