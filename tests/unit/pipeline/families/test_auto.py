"""``auto`` decides by what comes first."""

import pytest

from laws import play
from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.pipeline.families import FAMILIES
from mlx_relay.pipeline.families.auto import DECIDING
from mlx_relay.pipeline.voice import MAX_UNDECIDED
from unit.pipeline.families.dialogue import END, assert_told, told
from unit.pipeline.frames import content

CASES: dict[str, tuple[str, list[Event]]] = {
    "think": ("<think>a</think>b", [Thinking("a"), END, Response("b")]),
    "gemma": ("<|channel>thought\na<channel|>b", [Thinking("a"), END, Response("b")]),
    "mistral": ("Hm [THINK]a[/THINK]b", [Response("Hm "), Thinking("a"), END, Response("b")]),
    "harmony": (
        "<|channel|>analysis<|message|>a<|end|><|start|>assistant<|channel|>final<|message|>b",
        [Thinking("a"), END, Response("b")],
    ),
    "the markers of others are text from then on": (
        "<think>a</think>b[THINK]c[/THINK]",
        [Thinking("a"), END, Response("b[THINK]c[/THINK]")],
    ),
    "a quoted marker decides nothing": (
        "`[THINK]` <think>a</think>b",
        [Response("`[THINK]` "), Thinking("a"), END, Response("b")],
    ),
    "a long text without a marker is of the think family": (
        "x" * (MAX_UNDECIDED + 1) + "[THINK]<think>a</think>b",
        [Response("x" * (MAX_UNDECIDED + 1) + "[THINK]"), Thinking("a"), END, Response("b")],
    ),
    "a call leaves it open": (
        '<tool_call>{"name": "f"}</tool_call>[THINK]a[/THINK]b',
        [ToolCall(0, "call_0", "f", "{}"), Thinking("a"), END, Response("b")],
    ),
    "calls are read in the family that was decided on": (
        '[THINK]a<tool_call>{"name": "f"}</tool_call>',
        [Thinking("a"), END, ToolCall(0, "call_0", "f", "{}")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_the_first_marker_decides(case: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser="auto", tool_parser="hermes")


@pytest.mark.parametrize(
    ("opening", "closing"),
    [
        ("<seed:think>", "</seed:think>"),
        ("<mm:think>", "</mm:think>"),
        ("<longcat_think>", "</longcat_think>"),
        ("◁think▷", "◁/think▷"),
        ("<|START_THINKING|>", "<|END_THINKING|>"),
        ("<|inner_prefix|>", "<|inner_suffix|>"),
        ("<ifm|think_fast>", "</ifm|think_fast>"),
        ("<|open|>think<|sep|>", "<|close|>think<|sep|>"),
        ("<|plamo:begin_think:plamo|>", "<|plamo:end_think:plamo|>"),
        ("<|message_model|><|content_thinking|>", "<|end_message|>"),
    ],
)
def test_an_unmistakable_marker_decides(opening: str, closing: str) -> None:
    text = f"Hm {opening}a</think>{closing}b<think>"
    assert_told(text, [Response("Hm "), Thinking("a</think>"), END, Response("b<think>")])


def test_a_profile_that_starts_in_thinking_means_the_think_family() -> None:
    assert_told("a</think>b", [Thinking("a"), END, Response("b")], starts_in_thinking=True)


def test_a_plain_answer_does_not_wait() -> None:
    assert told("Hello") == [Response("Hello")]
    events = play([content("a [b <|c <")])[:1]
    assert events == [Response("a [b <|c ")]


@pytest.mark.parametrize("name", DECIDING)
def test_each_family_is_known_by_its_opening_marker(name: str) -> None:
    family = FAMILIES[name]
    openings = [marker.text for marker in family.text if marker.to == "thinking"]
    opening = openings[0] if openings else "<|channel|>analysis<|message|>"
    closing = next(marker for marker in family.thinking if marker.to == "text").text
    assert_told(f"Hm {opening}a{closing}b", [Response("Hm "), Thinking("a"), END, Response("b")])
