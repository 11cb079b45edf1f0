"""MiniMax M2 and M3."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_M2 = {"reasoning_parser": "minimax_m2", "tool_parser": "minimax_m2"}
_M3 = {"reasoning_parser": "minimax_m3", "tool_parser": "minimax_m3"}


def prefixed(text: str) -> str:
    """Return *text* with the prefix of M3 before each tag."""
    return text.replace("<", "]<]minimax[>[<")


@pytest.mark.parametrize("quote", ['"', "'", ""])
def test_calls_of_m2_end_thinking_and_are_typed_by_the_schema(quote: str) -> None:
    assert_told(
        f"why<minimax:tool_call>\n<invoke name={quote}weather{quote}>\n"
        f"<parameter name={quote}zip{quote}>012</parameter>\n"
        f"<parameter name={quote}days{quote}>3</parameter>\n</invoke>\n"
        "<invoke name=time>\n</invoke>\n</minimax:tool_call>\n4",
        [
            Thinking("why"),
            END,
            ToolCall(0, "call_0", "weather", '{"zip": "012", "days": 3}'),
            ToolCall(1, "call_1", "time", "{}"),
            Response("\n4"),
        ],
        **_M2,
    )


def test_m2_drops_white_space_at_the_end_of_thinking() -> None:
    assert_told("why \n</think>\n4", [Thinking("why"), END, Response("\n4")], **_M2)


@pytest.mark.parametrize(
    "call",
    [
        '<invoke name="f">x</invoke>',
        "<invoke>x</invoke>",
        '<invoke name="f"><parameter name="a">1</invoke>',
    ],
)
def test_a_malformed_call_of_m2_comes_back_once_and_the_next_is_read(call: str) -> None:
    assert_told(
        f'</think><minimax:tool_call>{call}<invoke name="time"></invoke></minimax:tool_call>4',
        [Response(call), ToolCall(0, "call_0", "time", "{}"), Response("4")],
        **_M2,
    )


def test_a_call_of_m2_that_is_cut_off_comes_back_once() -> None:
    cut = '<invoke name="f"><parameter name="a">1'
    assert_told(f"</think><minimax:tool_call>{cut}", [Response(cut)], **_M2)


STRAY: dict[str, list[Event]] = {
    "\n</mm:think>4": [Response("\n4")],
    "4</mm:think>2": [Response("4</mm:think>2")],
    "<mm:think>\nwhy\n</mm:think>\n4": [Thinking("\nwhy\n"), END, Response("\n4")],
}


@pytest.mark.parametrize("text", STRAY)
def test_m3_drops_a_stray_closing_tag_at_the_beginning_only(text: str) -> None:
    assert_told(text, STRAY[text], **_M3)


def test_elements_inside_elements_are_objects_and_lists() -> None:
    text = prefixed(
        '<tool_call>\n<invoke name="weather"><zip>012</zip><where><lat>1.5</lat><of><a>x</a></of>'
        "</where><tags><item>a</item><item>2</item></tags></invoke>\n</tool_call>"
    )
    arguments = '{"zip": "012", "where": {"lat": 1.5, "of": {"a": "x"}}, "tags": ["a", 2]}'
    call = ToolCall(0, "call_0", "weather", arguments)
    assert_told(f"<mm:think>why{text} ok", [Thinking("why"), END, call, Response(" ok")], **_M3)


def test_members_of_an_object_are_typed_by_its_schema() -> None:
    properties = {
        "where": {"type": "object", "properties": {"zip": {"type": "string"}}},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
    tool = {"name": "f", "parameters": {"type": "object", "properties": properties}}
    text = prefixed(
        '<tool_call><invoke name="f"><where><zip>012</zip></where><tags><item>7</item></tags>'
        "</invoke></tool_call>"
    )
    call = ToolCall(0, "call_0", "f", '{"where": {"zip": "012"}, "tags": ["7"]}')
    assert_told(text, [call], tools=[{"type": "function", "function": tool}], **_M3)


@pytest.mark.parametrize("body", ["<a>1</b>", "<a>1", "x<a>1</a>", "<a>x<b>1</b></a>", "</a>"])
def test_a_malformed_call_of_m3_comes_back_once(body: str) -> None:
    call = prefixed(f'<invoke name="f">{body}</invoke>')
    text = prefixed("<tool_call>") + call + prefixed("</tool_call>")
    assert_told(text, [Response(call)], **_M3)
