"""The reasoning of one family with the calls of another."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.pipeline.combine import combine
from mlx_relay.pipeline.families import FAMILIES
from unit.pipeline.families.dialogue import END, assert_told

F = ToolCall(0, "call_0", "f", "{}")
JSON = '<tool_call>{"name": "f"}</tool_call>'
ELEMENT = "<tool_call><function=f></function></tool_call>"
CHANNEL = "<|channel|>commentary to=f<|message|>{}<|call|>"

CASES: dict[str, tuple[str, str | None, str, list[Event]]] = {
    "qwen3 and hermes": (
        *("qwen3", "hermes", f"<think>a{JSON}b"),
        [Thinking("a"), END, F, Response("b")],
    ),
    "the rule of the calls holds in the reasoning": (
        *("deepseek_r1", "qwen3_coder", f"a{ELEMENT}b"),
        [Thinking("a"), END, F, Response("b")],
    ),
    "calls that are ignored in thinking": (
        *("think", "ernie45", f"<think>a{JSON}</think>{JSON}"),
        [Thinking(f"a{JSON}"), END, F],
    ),
    "calls that interrupt thinking": (
        *("deepseek_r1", "mixed_think_tool_handoff", f"a{ELEMENT}b</think>c"),
        [Thinking("a"), END, F, Thinking("b"), END, Response("c")],
    ),
    "calls without a tool parser end thinking and stay text": (
        *("qwen3_coder", None, f"<think>a{ELEMENT}b"),
        [Thinking("a"), END, Response(f"{ELEMENT}b")],
    ),
    "calls that interrupt stay thinking without a tool parser": (
        *("mixed_think_tool_handoff", None, f"<think>a{ELEMENT}b</think>c"),
        [Thinking(f"a{ELEMENT}b"), END, Response("c")],
    ),
    "white space at the end of thinking is dropped before a foreign call too": (
        *("kimi_k2", "hermes", f"<think>a\n{JSON}"),
        [Thinking("a"), END, F],
    ),
    "channels only for calls": (
        *("think", "harmony", f"<think>a</think>b{CHANNEL}"),
        [Thinking("a"), END, Response("b"), F],
    ),
    "channels only for reasoning": (
        *("harmony", "hermes", f"<|channel|>analysis<|message|>a<|end|>{JSON}"),
        [Thinking("a"), END, F],
    ),
    "a family without calls reads none": (
        *("think", "deepseek_r1", f"<think>a</think>{JSON}"),
        [Thinking("a"), END, Response(JSON)],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_two_families_make_one_table(case: str) -> None:
    reasoning, calls, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=reasoning, tool_parser=calls)


def test_no_reasoning_has_no_thinking() -> None:
    combined = combine(FAMILIES["none"], FAMILIES["hermes"])
    assert (combined.name, combined.thinking) == ("none+hermes", ())


def test_a_family_that_waits_for_a_marker_becomes_one_that_reads_the_calls() -> None:
    combined = combine(FAMILIES["auto"], FAMILIES["hermes"])
    names = {marker.becomes.name for marker in combined.text if marker.becomes}
    assert "think+hermes" in names
    assert combined.settles is not None
    assert combined.settles.name == "think+hermes"
