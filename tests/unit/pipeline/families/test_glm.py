"""GLM and those who write calls as it does."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

ELEMENT = "<tool_call>time</tool_call>"
TYPED = (
    "<tool_call>weather<arg_key>zip</arg_key><arg_value>012</arg_value><arg_key>days</arg_key>"
    "<arg_value>3</arg_value><arg_key>limit</arg_key><arg_value>null</arg_value></tool_call>"
)
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "a call ends thinking": (
        "glm45",
        f"<think>why\n{ELEMENT}\nok",
        [Thinking("why\n"), END, TIME, Response("\nok")],
    ),
    "the template of later models opened the block": (
        "glm47",
        f"why</think>4{ELEMENT}",
        [Thinking("why"), END, Response("4"), TIME],
    ),
    "the schema types the values": (
        "glm45",
        TYPED,
        [ToolCall(0, "call_0", "weather", '{"zip": "012", "days": 3, "limit": null}')],
    ),
    "what only mentions the tag is text": (
        "glm45",
        "<think>a <tool_call> is a tag</think>so <tool_call> is",
        [Thinking("a <tool_call> is a tag"), END, Response("so <tool_call> is")],
    ),
    "a malformed call comes back once": (
        "glm45",
        "<tool_call>time<arg_key>a</arg_key></tool_call>4",
        [Response("<tool_call>time<arg_key>a</arg_key></tool_call>4")],
    ),
    "a call that is cut off comes back once": (
        "glm45",
        "4<tool_call>time<arg_key>a",
        [Response("4<tool_call>time<arg_key>a")],
    ),
    "a missing end marker costs nothing": (
        "glm45",
        f"<tool_call>time\n{ELEMENT}",
        [TIME, ToolCall(1, "call_1", "time", "{}")],
    ),
    "the end of a role is dropped": (
        "ling3",
        "why</think>4<|role_end|>",
        [Thinking("why"), END, Response("4")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)


@pytest.mark.parametrize("name", ["glm45", "poolside_v1", "iquest_q1"])
def test_these_models_write_the_opening_tag(name: str) -> None:
    assert_told("a</think>b", [Response("a</think>b")], reasoning_parser=name)


@pytest.mark.parametrize("name", ["glm47", "ling3", "spark25"])
def test_the_template_of_these_models_opens_the_block(name: str) -> None:
    assert_told("a</think>b", [Thinking("a"), END, Response("b")], reasoning_parser=name)
