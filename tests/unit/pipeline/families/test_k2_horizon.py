"""K2 Horizon."""

import pytest

from mlx_relay.events import Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

_BOTH = {"reasoning_parser": "k2_horizon", "tool_parser": "k2_horizon"}


def section(*calls: str) -> str:
    inside = "".join(f"<ifm|tool_call>{call}</ifm|tool_call>" for call in calls)
    return f"<ifm|tool_calls>{inside}</ifm|tool_calls>"


def pair(key: str, value: str, kind: str = "") -> str:
    declared = f"<ifm|arg_type>{kind}</ifm|arg_type>" if kind else ""
    return f"<ifm|arg_key>{key}</ifm|arg_key>{declared}<ifm|arg_value>{value}</ifm|arg_value>"


@pytest.mark.parametrize("effort", ["think", "think_fast", "think_faster"])
@pytest.mark.parametrize("has_opening", [True, False])
def test_each_effort_has_its_own_markers(effort: str, *, has_opening: bool) -> None:
    opening = f"<ifm|{effort}>" if has_opening else ""
    assert_told(f"{opening}why</ifm|{effort}>\n4", [Thinking("why"), END, Response("\n4")], **_BOTH)


def test_values_have_the_type_they_name_or_that_of_the_schema() -> None:
    first = f"weather{pair('zip', '012')}{pair('days', '3')}{pair('x', '1', 'string')}"
    assert_told(
        f"why{section(first, 'time' + pair('x', '1', 'integer'))}",
        [
            Thinking("why"),
            END,
            ToolCall(0, "call_0", "weather", '{"zip": "012", "days": 3, "x": "1"}'),
            ToolCall(1, "call_1", "time", '{"x": 1}'),
        ],
        **_BOTH,
    )


def test_a_call_may_be_json() -> None:
    text = section('{"name": "time", "arguments": {"a": 1}}')
    call = ToolCall(0, "call_0", "time", '{"a": 1}')
    assert_told(text, [call], starts_in_thinking=False, **_BOTH)


def test_a_malformed_call_comes_back_once_and_the_next_is_read() -> None:
    text = section("two words", "time") + "4"
    assert_told(
        text,
        [
            Response("<ifm|tool_call>two words</ifm|tool_call>"),
            ToolCall(0, "call_0", "time", "{}"),
            Response("4"),
        ],
        starts_in_thinking=False,
        **_BOTH,
    )


def test_a_call_that_is_cut_off_comes_back_once() -> None:
    cut = "<ifm|tool_call>weather<ifm|arg_key>zi"
    assert_told(f"<ifm|tool_calls>{cut}", [Response(cut)], starts_in_thinking=False, **_BOTH)
