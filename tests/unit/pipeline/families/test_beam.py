"""Beam."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "beam", "tool_parser": "beam"}
_HEADER = " to=weather<|channel|>analysis <|constrain|>xml<|message|>"
_ELEMENTS = (
    '<rfl:parameter name="zip">012</rfl:parameter>\n<rfl:parameter name="days">3</rfl:parameter>'
)
_CALL = ToolCall(0, "call_0", "weather", '{"zip": "012", "days": 3}')

CASES: dict[str, list[Event]] = {
    "<|channel|>analysis<|message|>why<|end|><|start|>assistant<|channel|>final<|message|>4": [
        Thinking("why"),
        END,
        Response("4"),
    ],
    f"{_HEADER}{_ELEMENTS}<|end|>": [_CALL],
    f"<|channel|>analysis<|message|>a<|end|><|start|>assistant{_HEADER}{_ELEMENTS}<|call|>": [
        Thinking("a"),
        END,
        _CALL,
    ],
    f"<|start|>assistant to=time{_HEADER[11:]}<|call|>": [ToolCall(0, "call_0", "time", "{}")],
}


@pytest.mark.parametrize("text", CASES)
def test_headers_part_thinking_answer_and_calls(text: str) -> None:
    assert_told(text, CASES[text], **_BOTH)


@pytest.mark.parametrize("text", [f"{_HEADER}oh<|call|>", f"{_HEADER}{_ELEMENTS}", " to=weather"])
def test_what_is_malformed_or_cut_off_comes_back_once(text: str) -> None:
    assert_told(text, [Response(text)], **_BOTH)
