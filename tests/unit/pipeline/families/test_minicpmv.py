"""MiniCPM-V."""

import pytest

from mlx_relay.events import Event, Response, Thinking
from unit.pipeline.families.dialogue import END, assert_told

CASES: dict[str, tuple[str, str, list[Event]]] = {
    "reserved tokens are dropped": (
        "minicpmv",
        "<think>a<reserved_12>b</think>4<|reserved_13|>2<|im_end|>",
        [Thinking("ab"), END, Response("42")],
    ),
    "a stray closing tag is dropped": ("minicpmv", "4</think>2", [Response("42")]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
