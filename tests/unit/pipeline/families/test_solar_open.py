"""Solar Open."""

import pytest

from mlx_relay.events import Event, Response, Thinking, ToolCall
from unit.pipeline.families.dialogue import END, assert_told

ARGUMENTS = "<|tool_call:args|>{}"
CALL = f"<|tool_call:begin|>a1<|tool_call:name|>time{ARGUMENTS}<|tool_call:end|>"
CASES: dict[str, tuple[str, str, list[Event]]] = {
    "blocks of all kinds": (
        "solar_open",
        (
            "<|think|>why<|end|><|begin|>assistant<|content|>4<|end|>"
            f"<|begin|>assistant<|tool_calls|>{CALL}<|end|>"
        ),
        [Thinking("why"), END, Response("4"), ToolCall(0, "a1", "time", "{}")],
    ),
    "a call ends thinking": (
        "solar_open",
        f"<|think|>why{CALL}",
        [Thinking("why"), END, ToolCall(0, "a1", "time", "{}")],
    ),
    "a malformed call comes back once": (
        "solar_open",
        f"<|tool_call:begin|>a1{ARGUMENTS}<|tool_call:end|>4",
        [Response(f"<|tool_call:begin|>a1{ARGUMENTS}<|tool_call:end|>4")],
    ),
    "a call that is cut off comes back once": (
        "solar_open",
        CALL.removesuffix("<|tool_call:end|>"),
        [Response(CALL.removesuffix("<|tool_call:end|>"))],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_text_is_told_apart(case: str) -> None:
    name, text, events = CASES[case]
    assert_told(text, events, reasoning_parser=name, tool_parser=name)
