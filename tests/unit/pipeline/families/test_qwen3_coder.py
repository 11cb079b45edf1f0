"""Calls as elements between ``<tool_call>`` tags."""

import json

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told


def call(number: int = 0, name: str = "weather", **arguments: object) -> ToolCall:
    return ToolCall(number, f"call_{number}", name, json.dumps(arguments, ensure_ascii=False))


def element(name: str, value: str) -> str:
    return f"<tool_call>\n<function={name}>\n{value}\n</function>\n</tool_call>"


CASES: dict[str, tuple[str, list[Event]]] = {
    "values have the types that the request declares": (
        element(
            "weather",
            "<parameter=zip>\n01234\n</parameter>\n<parameter=days>\n2\n</parameter>\n"
            "<parameter=exact>\nTrue\n</parameter>\n<parameter=limit>\nnull\n</parameter>\n"
            '<parameter=where>\n{"a": [1]}\n</parameter>',
        ),
        [call(zip="01234", days=2, exact=True, limit=None, where={"a": [1]})],
    ),
    "strings stay what they are": (
        element("weather", "<parameter=city>\n\n none \n</parameter>"),
        [call(city="\n none ")],
    ),
    "a value of many lines with tags in it": (
        element("weather", "<parameter=city>\n<b>x</b>\n</function\n</parameter>"),
        [call(city="<b>x</b>\n</function")],
    ),
    "an unknown function": (
        element("other", "<parameter=a>1</parameter><parameter=b>x y</parameter>"),
        [call(name="other", a=1, b="x y")],
    ),
    "a repeated name: the last wins": (
        element("weather", "<parameter=days>1</parameter><parameter=days>2</parameter>"),
        [call(days=2)],
    ),
    "two functions in one block": (
        "<tool_call><function=time></function>\n<function=weather></function></tool_call>",
        [call(0, "time"), call(1)],
    ),
    "without the outer tags": (
        "Hm\n<function=time>\n</function>\n</tool_call>ok",
        [Response("Hm\n"), call(0, "time"), Response("ok")],
    ),
    "closing tags are missing": (
        "<tool_call><function=weather><parameter=days>1<parameter=city>x</tool_call>",
        [call(days=1, city="x")],
    ),
    "a malformed call comes back, the others count": (
        "<tool_call><function=a</function></tool_call>" + element("time", ""),
        [Response("<tool_call><function=a</function></tool_call>"), call(0, "time")],
    ),
    "text inside the block": (
        "<tool_call><function=time>hm</function></tool_call>",
        [Response("<tool_call><function=time>hm</function></tool_call>")],
    ),
    "a call that is cut off": (
        "<tool_call><function=weather><parameter=city>Be",
        [Response("<tool_call><function=weather><parameter=city>Be")],
    ),
    "a call inside thinking ends it": (
        "<think>why" + element("time", "") + "\n</think>",
        [Thinking("why"), END, call(0, "time"), Response("\n</think>")],
    ),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("reasoning", ["qwen3_coder", "qwen3"])
def test_calls_are_told_apart(case: str, reasoning: str) -> None:
    text, events = CASES[case]
    assert_told(text, events, reasoning_parser=reasoning, tool_parser="qwen3_coder")
