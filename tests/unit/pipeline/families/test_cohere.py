"""Cohere's Command models."""

import pytest

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "cohere", "tool_parser": "cohere"}
_JSON = '[{"tool_call_id": "0", "tool_name": "weather", "parameters": {"zip": "012"}}]'
_CALL = ToolCall(0, "0", "weather", '{"zip": "012"}')


@pytest.mark.parametrize("kind", ["RESPONSE", "TEXT"])
@pytest.mark.parametrize("opening", ["", "<|START_THINKING|>"])
def test_the_markers_around_the_answer_are_dropped(opening: str, kind: str) -> None:
    assert_told(
        f"{opening}why<|END_THINKING|><|START_{kind}|>Four<|END_{kind}|>",
        [Thinking("why"), END, Response("Four")],
        **_BOTH,
    )


def test_an_answer_without_thinking_is_seen_by_its_marker() -> None:
    assert_told("<|START_RESPONSE|>\nFour<|END_RESPONSE|>", [Response("\nFour")], **_BOTH)


def test_an_answer_ends_thinking_that_was_not_closed() -> None:
    assert_told("why<|START_TEXT|>4<|END_TEXT|>", [Thinking("why"), END, Response("4")], **_BOTH)


def test_an_action_ends_thinking_and_keeps_its_own_id() -> None:
    assert_told(f"why<|START_ACTION|>{_JSON}<|END_ACTION|>", [Thinking("why"), END, _CALL], **_BOTH)


def test_the_marks_of_a_citation_are_dropped() -> None:
    assert_told(
        "<|START_TEXT|>It is <co>3</co: 0:[1]>, or <co>4</co: 0:[1,2],1:[0]>.<|END_TEXT|>",
        [Response("It is 3, or 4.")],
        **_BOTH,
    )


def test_what_only_looks_like_a_citation_stays() -> None:
    assert_told("<|START_TEXT|>a</co: b> c</co: 1", [Response("a</co: b> c</co: 1")], **_BOTH)


@pytest.mark.parametrize("body", ["[{}]", "oh", '[{"tool_name": "f", "parameters": 3}]'])
def test_a_malformed_action_comes_back_once(body: str) -> None:
    text = f"<|START_ACTION|>{body}<|END_ACTION|>4"
    assert_told(text, [Response(text)], starts_in_thinking=False, **_BOTH)


def test_an_action_in_a_code_fence_is_a_call_of_command_r_plus() -> None:
    assert_told(
        f"Hm: Action:\n```json\n{_JSON}\n``` ok",
        [Response("Hm: "), _CALL, Response(" ok")],
        reasoning_parser=None,
        tool_parser="command_r_plus",
    )


@pytest.mark.parametrize(
    "text", ["Action:\n```json\n{}\n```", "Action:\n```json\n[{", "Action: go", "Action:\n```"]
)
def test_prose_about_an_action_stays(text: str) -> None:
    assert_told(text, [Response(text)], reasoning_parser=None, tool_parser="command_r_plus")
