"""Formats that differ in the markers around the JSON of their calls, and in little else."""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.families.think import THINK_INSIDE
from mlx_relay.pipeline.markers import Capture, Family, Marker, begins_like, first_is

_JSON: Final = Capture(
    read=JsonCalls(), head=first_is("[{"), tracker=json_text, ends_with_stream=True
)
_ENDS_ITSELF: Final = msgspec.structs.replace(_JSON, ends_itself=True, ends_with_stream=False)
_OBJECTS: Final = begins_like(r"\[\s*\{", r"[^\[]|\[\s*+[^\s{]")


def _between(opening: str, closing: str) -> Marker:
    capture = msgspec.structs.replace(_JSON, closing=(closing,), stops=(opening,))
    return Marker(opening, to=capture, where="outside_code")


def _behind(opening: str, capture: Capture = _ENDS_ITSELF) -> Marker:
    return Marker(opening, to=capture, where="outside_code")


BETWEEN_TOOL_CALLS: Final = _between("<tool_calls>", "</tool_calls>")

WRAPPED_JSON: Final = (
    Family(name="jamba", models="Jamba", calls=(BETWEEN_TOOL_CALLS,)),
    Family(
        name="internlm2",
        models="InternLM 2",
        calls=(_between("<|action_start|><|plugin|>", "<|action_end|>"),),
    ),
    Family(
        name="phi4mini",
        models="Phi-4-mini, FireFunction v2",
        calls=(_behind("functools", msgspec.structs.replace(_ENDS_ITSELF, head=_OBJECTS)),),
    ),
    Family(
        name="gigachat3",
        models="GigaChat 3",
        calls=(
            _behind("<|function_call|>"),
            _behind("<|message_sep|>\n\nfunction call<|role_sep|>\n"),
        ),
    ),
    msgspec.structs.replace(
        THINK_INSIDE,
        name="nemotron_v2",
        models="Nemotron-Nano-9B-v2",
        calls=(_between("<TOOLCALL>", "</TOOLCALL>"),),
        calls_in_thinking="are_ignored",
    ),
    Family(
        name="apriel",
        models="Apriel-1.5-Thinker, Apriel-1.6-Thinker",
        text=(
            Marker("Here are my reasoning steps:\n", to="thinking", where="leading"),
            Marker("[END FINAL RESPONSE]", to="text", where="outside_code"),
        ),
        thinking=(
            Marker("[BEGIN FINAL RESPONSE]", to="text"),
            Marker("Here are my reasoning steps:\n", to="thinking", where="leading"),
        ),
        calls=(BETWEEN_TOOL_CALLS,),
        calls_in_thinking="are_ignored",
        starts_in_thinking=True,
    ),
)
