"""Kimi K2's sections."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

OPEN, CLOSE = "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>"


def written(identity: str, arguments: str = "{}") -> str:
    return f"<|tool_call_begin|>{identity}<|tool_call_argument_begin|>{arguments}<|tool_call_end|>"


F = ToolCall(0, "functions.f:0", "f", "{}")
G = ToolCall(1, "functions.g:1", "g", '{"a": 1}')

CASES: dict[str, tuple[str, list[Event]]] = {
    "a section ends thinking, and white space before it is no text": (
        f"<think>why\n{OPEN}\n{written('functions.f:0')}\n"
        + written("functions.g:1", '{"a": 1}')
        + f"\n{CLOSE}ok",
        [Thinking("why"), END, F, G, Response("ok")],
    ),
    "a blank answer before the section is none": (
        f"<think>why</think>\n\n{OPEN}{written('functions.f:0')}{CLOSE}",
        [Thinking("why"), END, F],
    ),
    "a call without a section": (written("functions.f:0"), [F]),
    "a broken call comes back, the others count": (
        OPEN
        + written("functions.f:0")
        + written("x y", "{}")
        + written("functions.g:1", "1")
        + "x",
        [F, Response(written("x y", "{}") + written("functions.g:1", "1") + "x")],
    ),
    "an id that comes twice": (
        OPEN + written("functions.f:0") * 2 + CLOSE,
        [F, ToolCall(1, "call_1", "f", "{}")],
    ),
    "a bare name": (written("f"), [ToolCall(0, "f", "f", "{}")]),
    "a section that is cut off": (
        OPEN + written("functions.f:0") + "<|tool_call_begin|>functions.g:1",
        [F, Response("<|tool_call_begin|>functions.g:1")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_reasoning_and_calls_are_told_apart(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="kimi_k2", tool_parser="kimi_k2")


def test_without_a_tool_parser_the_section_ends_thinking_and_stays_text() -> None:
    section = OPEN + written("functions.f:0") + CLOSE
    assert_told(
        f"<think>why{section}",
        [Thinking("why"), END, Response(section)],
        reasoning_parser="kimi_k2",
    )
