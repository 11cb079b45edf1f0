"""Calls as each family writes them, and what is to be read from them."""

import json
from typing import Any, Final, TypeAlias

from unit.pipeline.families.more_samples import MORE_SAMPLES
from unit.pipeline.families.other_samples import OTHER_SAMPLES

Sample: TypeAlias = tuple[str, list[tuple[str, dict[str, Any]]]]
"""A text, and the names and arguments of the calls in it."""

TOOLS: Final = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string"},
                    "days": {"type": "integer"},
                    "zip": {"type": "string"},
                    "exact": {"type": "boolean"},
                    "limit": {"type": ["number", "null"]},
                    "tags": {"type": "array"},
                    "where": {"type": "object"},
                },
            },
        },
    }
]
"""The request's tools, for the samples that are typed by them."""

_Call: TypeAlias = tuple[str, dict[str, Any]]
_WEATHER: Final = '{"city": "Bern", "days": 3}'
_BERN: Final[_Call] = ("weather", {"city": "Bern", "days": 3})
_TIME: Final[_Call] = ("time", {})

_JSON: Final[list[Sample]] = [
    (f'<tool_call>\n{{"name": "weather", "arguments": {_WEATHER}}}\n</tool_call>', [_BERN]),
    ('<tool_call>{"name": "time"}</tool_call>', [_TIME]),
    (
        '<tool_call>[{"name": "time"}, {"name": "weather", "parameters": '
        + _WEATHER
        + "}]</tool_call>",
        [_TIME, _BERN],
    ),
]
_KIMI: Final = (
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.weather:0"
    f"<|tool_call_argument_begin|>{_WEATHER}<|tool_call_end|>\n"
    "<|tool_call_begin|>time:1<|tool_call_argument_begin|>{}<|tool_call_end|>"
    "<|tool_calls_section_end|>"
)
_ELEMENTS: Final = (
    "<tool_call>\n<function=weather>\n<parameter=city>\nBern\n</parameter>\n"
    "<parameter=days>\n3\n</parameter>\n</function>\n</tool_call>"
)
_XML: Final[list[Sample]] = [
    (_ELEMENTS, [_BERN]),
    ("<tool_call><function=time></function></tool_call>", [_TIME]),
    ("<function=weather><parameter=zip>012</parameter></function>", [("weather", {"zip": "012"})]),
]

SAMPLES: Final[dict[str, list[Sample]]] = {
    "hermes": _JSON,
    "qwen3": _JSON,
    "qwen3_thinking": _JSON,
    "granite_thinking": _JSON,
    "ernie45": _JSON,
    "reka": _JSON,
    "qwen3_coder": _XML,
    "qwen3_5": _XML,
    "nemotron_v3": _XML,
    "step3p5": _XML,
    "mixed_think_tool_handoff": _XML,
    "step_35": _XML,
    "olmo3": [
        (
            "<function_calls>weather(city='Bern', days=3)\ntime()</function_calls>",
            [_BERN, _TIME],
        )
    ],
    "mistral": [
        (f"[TOOL_CALLS]weather[ARGS]{_WEATHER}", [_BERN]),
        ("[TOOL_CALLS]time{}", [_TIME]),
        ("[TOOL_CALLS]time[CALL_ID]123456789[ARGS]{}", [_TIME]),
        (
            f'[TOOL_CALLS] [{{"name": "weather", "arguments": {_WEATHER}, "id": "123456789"}}]',
            [_BERN],
        ),
    ],
    "harmony": [
        (
            "<|channel|>commentary to=functions.weather <|constrain|>json<|message|>"
            + _WEATHER
            + "<|call|>",
            [_BERN],
        ),
        ("<|start|>assistant to=time<|channel|>analysis<|message|><|end|>", [_TIME]),
    ],
    "gemma4": [
        ('<|tool_call>call:weather{city:<|"|>Bern<|"|>,days:3}<tool_call|>', [_BERN]),
        ("<|tool_call>call:time{}<tool_call|>", [_TIME]),
    ],
    "pythonic": [
        ("<|python_start|>[weather(city='Bern', days=3), time()]<|python_end|>", [_BERN, _TIME]),
    ],
    "lfm2": [
        ('<|tool_call_start|>[weather(city="Bern", days=3)]<|tool_call_end|>', [_BERN]),
    ],
    "kimi_k2": [(_KIMI, [_BERN, _TIME])],
    **MORE_SAMPLES,
    **OTHER_SAMPLES,
}
"""For each family that has calls, some that are well written."""


def parsed(calls: list[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Return *calls* with their arguments as values."""
    return [(name, json.loads(arguments)) for name, arguments in calls]
