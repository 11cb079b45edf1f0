"""LongCat."""

import pytest

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "longcat", "tool_parser": "longcat"}


def pair(key: str, value: str) -> str:
    return (
        f"<longcat_arg_key>{key}</longcat_arg_key>\n"
        f"<longcat_arg_value>{value}</longcat_arg_value>\n"
    )


CALLS = {
    f"weather\n{pair('zip', '012')}{pair('days', '3')}": ("weather", '{"zip": "012", "days": 3}'),
    "time": ("time", "{}"),
    '{"name": "time", "arguments": {"a": 1}}': ("time", '{"a": 1}'),
}


@pytest.mark.parametrize("body", CALLS)
def test_a_call_is_json_or_keys_and_values_and_ends_thinking(body: str) -> None:
    assert_told(
        f"<longcat_think>why<longcat_tool_call>{body}</longcat_tool_call> ok",
        [Thinking("why"), END, ToolCall(0, "call_0", *CALLS[body]), Response(" ok")],
        **_BOTH,
    )


@pytest.mark.parametrize("body", ["", "two words", "f<longcat_arg_key>k</longcat_arg_key>", "{"])
def test_a_malformed_call_comes_back_once(body: str) -> None:
    for text in (f"<longcat_tool_call>{body}</longcat_tool_call>4", f"<longcat_tool_call>{body}"):
        assert_told(text, [Response(text)], **_BOTH)
