"""Apertus."""

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "apertus", "tool_parser": "apertus"}
_CALL = '<|tools_prefix|>[{"weather": {"zip": "012"}}, {"time": {}}]<|tools_suffix|>'
_CALLS = [
    ToolCall(0, "call_0", "weather", '{"zip": "012"}'),
    ToolCall(1, "call_1", "time", "{}"),
]


def test_thinking_goes_on_behind_a_call() -> None:
    assert_told(
        f"<|inner_prefix|>a{_CALL}b<|inner_suffix|>c",
        [Thinking("a"), END, *_CALLS, Thinking("b"), END, Response("c")],
        **_BOTH,
    )


def test_a_call_in_the_answer_and_another_block() -> None:
    assert_told(
        f"Hm: {_CALL}<|inner_prefix|>a<|inner_suffix|>c",
        [Response("Hm: "), *_CALLS, Thinking("a"), END, Response("c")],
        **_BOTH,
    )


def test_the_end_marker_in_a_string_does_not_end_the_call() -> None:
    assert_told(
        '<|tools_prefix|>[{"f": {"a": "<|tools_suffix|>"}}]<|tools_suffix|>',
        [ToolCall(0, "call_0", "f", '{"a": "<|tools_suffix|>"}')],
        **_BOTH,
    )


def test_a_malformed_call_comes_back_once() -> None:
    for text in (
        '<|tools_prefix|>[{"weather": 3}]<|tools_suffix|> ok',
        '<|tools_prefix|>{"weather": {}}<|tools_suffix|> ok',
        "<|tools_prefix|>[]<|tools_suffix|> ok",
        '<|tools_prefix|>[{"weather": {"zip',
    ):
        assert_told(text, [Response(text)], **_BOTH)
