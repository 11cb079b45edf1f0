"""Muse Glimmer."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "muse_glimmer", "tool_parser": "muse_glimmer"}
_ELEMENTS = (
    '<atem:function_calls>\n<atem:invoke name="weather">\n'
    '<atem:parameter name="zip">012</atem:parameter>\n</atem:invoke>\n'
    '<atem:invoke name="time">\n</atem:invoke>\n</atem:function_calls>'
)
_CALLS = [
    ToolCall(0, "call_0", "weather", '{"zip": "012"}'),
    ToolCall(1, "call_1", "time", "{}"),
]

CASES: dict[str, list[Event]] = {
    " to=self<|message|>why<|eom|><|start|>assistant to=user<|message|>4<|eot|>": [
        Thinking("why"),
        END,
        Response("4"),
    ],
    "to=self<|message|>a<|start|>assistant<|message|>\n4": [Thinking("a"), END, Response("\n4")],
    "<|start|>assistant to=commentary<|message|>4<|eom|>": [Response("4")],
    " to=self<|message|>a<|eom|><|start|>assistant to=self<|message|>b<|eom|>": [
        Thinking("a"),
        END,
        Thinking("b"),
        END,
    ],
    f" to=self<|message|>a<|eom|><|start|>assistant to=weather<|message|>{_ELEMENTS}<|eom|>": [
        Thinking("a"),
        END,
        *_CALLS,
    ],
    f" to=weather<|message|>{_ELEMENTS}": [*_CALLS],
    f" to=user<|message|>Hm: {_ELEMENTS} ok": [Response("Hm: "), *_CALLS, Response(" ok")],
}


@pytest.mark.parametrize("text", CASES)
def test_the_recipient_says_what_a_message_is(text: str) -> None:
    assert_told(text, CASES[text], **_BOTH)


@pytest.mark.parametrize(
    "text",
    [
        " to=weather<|message|>{}<|eom|>",
        f" to=weather<|message|>{_ELEMENTS[:-20]}",
        '<atem:function_calls><atem:invoke name="f">x</atem:invoke></atem:function_calls>4',
        "<atem:function_calls>oh</atem:function_calls>",
        "<|start|>assistant to=self",
        "It goes to=self",
    ],
)
def test_what_is_malformed_or_cut_off_comes_back_once(text: str) -> None:
    assert_told(text, [Response(text)], **_BOTH)
