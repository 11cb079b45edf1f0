"""Seed-OSS."""

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "seed_oss", "tool_parser": "seed_oss"}
_CALL = (
    "<seed:tool_call>\n<function=weather>\n<parameter=zip>\n012\n</parameter>\n"
    "<parameter=days>\n3\n</parameter>\n</function>\n</seed:tool_call>"
)


def test_a_call_ends_thinking_and_its_values_are_typed() -> None:
    call = ToolCall(0, "call_0", "weather", '{"zip": "012", "days": 3}')
    assert_told(
        f"<seed:think>why{_CALL} ok", [Thinking("why"), END, call, Response(" ok")], **_BOTH
    )


def test_what_the_model_says_of_its_budget_stays_thinking() -> None:
    budget = "<seed:cot_budget_reflect>12 left</seed:cot_budget_reflect>"
    assert_told(
        f"<seed:think>a{budget}</seed:think>b",
        [Thinking(f"a{budget}"), END, Response("b")],
        **_BOTH,
    )


def test_a_tag_that_thinking_only_mentions_does_not_end_it() -> None:
    text = "Use <seed:tool_call> then"
    assert_told(f"<seed:think>{text}</seed:think>b", [Thinking(text), END, Response("b")], **_BOTH)


def test_a_malformed_call_comes_back_once() -> None:
    text = "<seed:tool_call><nothing></seed:tool_call> ok"
    assert_told(text, [Response(text)], **_BOTH)


def test_a_call_that_is_cut_off_comes_back_once() -> None:
    text = _CALL[: len(_CALL) // 2]
    assert_told(f"Hm: {text}", [Response(f"Hm: {text}")], **_BOTH)
