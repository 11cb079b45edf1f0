"""What sets the relatives of ``<think>`` apart."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.pipeline.families.relatives import RELATIVES
from unit.pipeline.families.dialogue import END, assert_told

TIME = '<tool_call>{"name": "time"}</tool_call>'
TIME_ELEMENT = "<tool_call><function=time></function></tool_call>"
CALL = ToolCall(0, "call_0", "time", "{}")


@pytest.mark.parametrize("family", RELATIVES, ids=[family.name for family in RELATIVES])
def test_a_relative_knows_the_tags_of_think(family: object) -> None:
    name = getattr(family, "name", "")
    assert_told(
        "<think>a b</think>c d",
        [Thinking("a b"), END, Response("c d")],
        reasoning_parser=name,
        tool_parser=name,
    )


CASES: dict[str, tuple[str, str, list[Event]]] = {
    "nemotron drops white space at the end of thinking": (
        "nemotron_v3",
        "\nwhy\n \n</think>\n4",
        [Thinking("\nwhy"), END, Response("\n4")],
    ),
    "white space inside thinking stays": (
        "nemotron_v3",
        "a \n b</think>4",
        [Thinking("a \n b"), END, Response("4")],
    ),
    "granite drops line ends before the answer too": (
        "granite_thinking",
        "why\n</think>\n\n4\n",
        [Thinking("why"), END, Response("4\n")],
    ),
    "step3p5 drops line ends only": (
        "step3p5",
        "why \n\n</think>\n4",
        [Thinking("why "), END, Response("\n4")],
    ),
    "ernie drops the wrapper of its answer": (
        "ernie45",
        "why</think>\n\n<response>\n4\n</response>\n",
        [Thinking("why"), END, Response("4")],
    ),
    "ernie's thinking may speak of calls": (
        "ernie45",
        f"a {TIME} b</think>4",
        [Thinking(f"a {TIME} b"), END, Response("4")],
    ),
    "olmo3 writes lines of Python": (
        "olmo3",
        "why</think><function_calls>\ntime()\nf(a='x')\n</function_calls>",
        [Thinking("why"), END, CALL, ToolCall(1, "call_1", "f", '{"a": "x"}')],
    ),
    "a call that is handed off interrupts thinking": (
        "mixed_think_tool_handoff",
        f"<thinking>a\n{TIME_ELEMENT}\nb</think>4",
        [Thinking("a\n"), END, CALL, Thinking("\nb"), END, Response("4")],
    ),
    "a broken call in thinking comes back as text": (
        "mixed_think_tool_handoff",
        "<think>a<tool_call><x></tool_call>b</think>4",
        [
            Thinking("a"),
            END,
            Response("<tool_call><x></tool_call>"),
            Thinking("b"),
            END,
            Response("4"),
        ],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_relative_has_its_own_rule(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)


def test_a_very_long_run_of_white_space_is_not_held_back_for_ever() -> None:
    assert_told(
        "why" + " " * 1000 + "</think>4",
        [Thinking("why" + " " * (1000 - 256)), END, Response("4")],
        reasoning_parser="nemotron_v3",
    )
