"""Llama 3 and xLAM."""

import pytest

from mlx_relay.events import Event, Response, ToolCall
from unit.pipeline.families.dialogue import assert_told

TIME = ToolCall(0, "call_0", "time", "{}")

JSON = '{"name": "time", "parameters": {}}'
SECOND = ToolCall(1, "call_1", "time", "{}")
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "a bare object is a call": ("llama3_json", f"\n{JSON}", [Response("\n"), TIME]),
    "several are joined": ("llama3_json", f"{JSON}; {JSON}", [TIME, SECOND]),
    "the tag may stand anywhere": (
        "llama3_json",
        f"Hm <|python_tag|>{JSON} ok",
        [Response("Hm "), TIME, Response(" ok")],
    ),
    "an answer in JSON is none": (
        "llama3_json",
        '{"name": "Bern", "days": 3}',
        [Response('{"name": "Bern", "days": 3}')],
    ),
    "an object with another first key is none": (
        "llama3_json",
        '{"city": "Bern"}',
        [Response('{"city": "Bern"}')],
    ),
    "an object behind text is none": ("llama3_json", f"a {JSON}", [Response(f"a {JSON}")]),
    "a call that is cut off comes back once": (
        "llama3_json",
        '{"name": "ti',
        [Response('{"name": "ti')],
    ),
    "a bare list": ("xlam", f"[{JSON}, {JSON}]", [TIME, SECOND]),
    "a list behind a marker": ("xlam", f"[TOOL_CALLS] [{JSON}]", [TIME]),
    "a list between tags": ("xlam", f"<tool_call>[{JSON}]</tool_call>", [TIME]),
    "JSON in a fence is the answer": (
        "xlam",
        "```json\n[1, 2]\n```",
        [Response("```json\n[1, 2]\n```")],
    ),
    "other lists are the answer": ("xlam", "[1] says", [Response("[1] says")]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
