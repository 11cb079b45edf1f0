"""Calls as elements."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

BAR = "\N{FULLWIDTH VERTICAL LINE}"
STEP_CALL = f'<{BAR}tool_call_begin{BAR}>function<{BAR}tool_sep{BAR}><steptml:invoke name="time">'
STEP_END = f"</steptml:invoke><{BAR}tool_call_end{BAR}>"
ZIP = ToolCall(0, "call_0", "weather", '{"zip": "012"}')


def in_section(text: str) -> str:
    return f"<{BAR}tool_calls_begin{BAR}>{text}<{BAR}tool_calls_end{BAR}>"


CASES: dict[str, tuple[str, str, list[Event]]] = {
    "dots may write JSON": (
        "dots",
        '<think>a<dots_function_call>{"name": "time"}</dots_function_call>',
        [Thinking("a"), END, TIME],
    ),
    "the schema types the values of dots": (
        "dots",
        (
            '<dots_function_call><invoke name="weather"><parameter name="zip">012</parameter>'
            "</invoke></dots_function_call>"
        ),
        [ZIP],
    ),
    "a malformed call of dots comes back once": (
        "dots",
        "<dots_function_call><invoke></dots_function_call>4",
        [Response("<dots_function_call><invoke></dots_function_call>4")],
    ),
    "values of minicpm5 may stand in CDATA": (
        "minicpm5",
        'a<function name="weather"><param name="city"><![CDATA[a </param> b]]></param></function>',
        [Thinking("a"), END, ToolCall(0, "call_0", "weather", '{"city": "a </param> b"}')],
    ),
    "a call of minicpm5 that is cut off comes back once": (
        "minicpm5",
        '</think>4<function name="time"><param',
        [Response('4<function name="time"><param')],
    ),
    "line ends are data for mimo": (
        "mimo",
        "<tool_call><function=weather><parameter=city>\nBern\n</parameter></function></tool_call>",
        [ToolCall(0, "call_0", "weather", '{"city": "\\nBern\\n"}')],
    ),
    "a call of mimo without its end comes back once": (
        "mimo",
        "<tool_call><function=time></tool_call>",
        [Response("<tool_call><function=time></tool_call>")],
    ),
    "thinking of step3 may speak of calls": (
        "step3",
        f"a {in_section('b')} c</think>\n4{in_section(STEP_CALL + STEP_END)}",
        [Thinking(f"a {in_section('b')} c"), END, Response("\n4"), TIME],
    ),
    "a malformed call of step3 comes back once": (
        "step3",
        f"</think>{in_section(STEP_CALL + 'x' + STEP_END)}4",
        [Response(f"{STEP_CALL}x</steptml:invoke>4")],
    ),
    "the schema types the strings of functiongemma": (
        "functiongemma",
        "<start_function_call>call:weather{zip:<escape>012<escape>}<end_function_call>",
        [ZIP],
    ),
    "a malformed call of functiongemma comes back once": (
        "functiongemma",
        "<start_function_call>call:time{x}<end_function_call>",
        [Response("<start_function_call>call:time{x}<end_function_call>")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
