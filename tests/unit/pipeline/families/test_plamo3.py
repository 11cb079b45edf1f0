"""PLaMo 3."""

import pytest

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "plamo3", "tool_parser": "plamo3"}


def marked(text: str) -> str:
    """Return *text* with the family's marker for each name between ``<`` and ``>``."""
    return text.replace("<", "<|plamo:").replace(">", ":plamo|>")


_CALL = marked(
    "<begin_tool_requests><begin_tool_request><begin_tool_name>time<end_tool_name>"
    "<begin_tool_arguments><constrain>json<msg>{}<end_tool_arguments><end_tool_request>"
    "<end_tool_requests>"
)
_TIME = ToolCall(0, "call_0", "time", "{}")


def test_the_template_opened_the_block() -> None:
    assert_told(marked("why<end_think>\n4"), [Thinking("why"), END, Response("\n4")], **_BOTH)


def test_a_call_ends_thinking() -> None:
    assert_told(f"why{_CALL} ok", [Thinking("why"), END, _TIME, Response(" ok")], **_BOTH)


@pytest.mark.parametrize("missing", ["<constrain>json<msg>", "<constrain>json"])
def test_a_call_need_not_say_that_it_is_json(missing: str) -> None:
    text = _CALL.replace(marked(missing), "")
    assert_told(text, [_TIME], starts_in_thinking=False, **_BOTH)


def test_a_malformed_call_comes_back_once_and_the_next_is_read() -> None:
    bad = marked("<begin_tool_request>time")
    text = marked("<begin_tool_requests>") + bad + marked("<end_tool_request>")
    text += _CALL.replace(marked("<begin_tool_requests>"), "")
    assert_told(text, [Response(bad), _TIME], starts_in_thinking=False, **_BOTH)


def test_a_piece_of_a_marker_at_the_end_is_text() -> None:
    assert_told("a<|plamo:end_th", [Thinking("a<|plamo:end_th"), END], **_BOTH)
