"""Inkling."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "inkling", "tool_parser": "inkling"}
_JSON = '{"name": "weather", "args": {"zip": "012"}}'
_CALL = ToolCall(0, "call_0", "weather", '{"zip": "012"}')


def marked(text: str) -> str:
    """Return *text* with the markers for names in square brackets."""
    return text.replace("[", "<|").replace("]", "|>")


CASES: dict[str, list[Event]] = {
    "[content_thinking]why \n[end_message][message_model][content_text]4[end_message]": [
        Thinking("why"),
        END,
        Response("4"),
    ],
    "[message_model][content_thinking]a[message_model][content_text]\n4": [
        Thinking("a"),
        END,
        Response("\n4"),
    ],
    "[content_text]4[end_message][message_model][content_thinking]a[end_message]": [
        Response("4"),
        Thinking("a"),
        END,
    ],
    "[content_thinking]a[content_model_end_sampling]": [Thinking("a"), END],
    f"[content_thinking]a[content_invoke_tool_json]{_JSON}[end_message]": [
        Thinking("a"),
        END,
        _CALL,
    ],
    f"Hm[message_model]weather[content_invoke_tool_json]{_JSON}[end_message]": [
        Response("Hm"),
        _CALL,
    ],
}


@pytest.mark.parametrize("text", CASES)
def test_blocks_come_in_any_order(text: str) -> None:
    assert_told(marked(text), CASES[text], **_BOTH)


@pytest.mark.parametrize(
    "text",
    [
        "[content_invoke_tool_json]{oh[end_message]4",
        "[content_invoke_tool_json]{",
        "[message_model]weather[content_invoke_tool_json]{}[end_message]4",
        "[message_model]weather",
    ],
)
def test_what_is_malformed_or_cut_off_comes_back_once(text: str) -> None:
    assert_told(marked(text), [Response(marked(text))], **_BOTH)


def test_the_end_marker_in_a_string_does_not_end_the_call() -> None:
    text = marked('[content_invoke_tool_json]{"name": "f", "args": {"a": "[end_message]"}}')
    assert_told(text, [ToolCall(0, "call_0", "f", '{"a": "<|end_message|>"}')], **_BOTH)
