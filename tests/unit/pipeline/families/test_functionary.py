"""Functionary."""

import pytest

from mlx_relay.events import Event, Response, ToolCall
from unit.pipeline.families.dialogue import assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

CASES: dict[str, tuple[str, str, list[Event]]] = {
    "a call in a tag": (
        "functionary_v31",
        "Hm <function=time>{}</function> ok",
        [Response("Hm "), TIME, Response(" ok")],
    ),
    "a malformed call comes back once": (
        "functionary_v31",
        "<function=time>[]</function>4",
        [Response("<function=time>[]</function>4")],
    ),
    "a call in a tag that is cut off comes back once": (
        "functionary_v31",
        '<function=time>{"a',
        [Response('<function=time>{"a')],
    ),
    "the recipient of the answer is dropped": (
        "functionary_v32",
        "all\n4>>>time\n{}",
        [Response("4"), TIME],
    ),
    "calls behind each other": (
        "functionary_v32",
        ">>>time\n{}>>>time\n{}",
        [TIME, ToolCall(1, "call_1", "time", "{}")],
    ),
    "what only looks like a call is the answer": (
        "functionary_v32",
        ">>>x = 1\n>>>",
        [Response(">>>x = 1\n>>>")],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
