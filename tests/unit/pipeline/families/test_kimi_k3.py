"""Kimi K3."""

import pytest

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "kimi_k3", "tool_parser": "kimi_k3"}


def marked(text: str) -> str:
    """Return *text* with the markers for ``[name]``, which opens, and ``[/name]``."""
    return text.replace("[/", "<|close|>").replace("[", "<|open|>").replace("]", "<|sep|>")


def test_channels_part_thinking_and_answer() -> None:
    assert_told(
        marked("why[/think][response]\nFour[/response][/message]"),
        [Thinking("why"), END, Response("\nFour")],
        **_BOTH,
    )


@pytest.mark.parametrize("opening", ["[think]", ""])
def test_an_answer_ends_thinking_that_was_not_closed(opening: str) -> None:
    assert_told(marked(f"{opening}why[response]4"), [Thinking("why"), END, Response("4")], **_BOTH)


def test_arguments_have_the_types_they_name_and_names_are_unescaped() -> None:
    text = marked(
        'why[tools][call tool="a&quot;b" index="1"][argument key="x&amp;y" type="string"]012'
        '[/argument][argument key="n" type="number"]3[/argument][/call][/tools][/message]'
    )
    call = ToolCall(0, "call_0", 'a"b', '{"x&y": "012", "n": 3}')
    assert_told(text, [Thinking("why"), END, call], **_BOTH)


def test_an_argument_without_a_type_has_that_of_the_schema() -> None:
    text = marked('[tools][call tool="weather"][argument key="zip"]012[/argument][/call][/tools]')
    assert_told(text, [ToolCall(0, "call_0", "weather", '{"zip": "012"}')], **_BOTH)


@pytest.mark.parametrize("body", ['index="1"]', 'tool="f"]x', 'tool="f"][argument key="a"]b'])
def test_a_malformed_call_comes_back_once(body: str) -> None:
    call = marked(f"[call {body}[/call]")
    assert_told(marked("[tools]") + call + marked("[/tools]4"), [Response(call + "4")], **_BOTH)


def test_a_call_that_is_cut_off_comes_back_once() -> None:
    call = marked('[call tool="f"][argument key="a"]b')
    assert_told(marked("[tools]") + call, [Response(call)], **_BOTH)


def test_a_piece_of_a_marker_at_the_end_is_text() -> None:
    assert_told("a<|close|>thi", [Thinking("a<|close|>thi"), END], **_BOTH)
