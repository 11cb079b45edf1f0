"""Granite: prose around the reasoning of 3.2, tags in 3.3; two ways to write calls as JSON.

A list behind ``<|tool_call|>`` has no end marker, and neither has an object behind
``<function_call>``: they end where their JSON does.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.families.think import THINK
from mlx_relay.pipeline.markers import Capture, Family, Marker, first_is

_LIST: Final = Capture(read=JsonCalls(), head=first_is("[{"), tracker=json_text, ends_itself=True)
_CALLS: Final = (Marker("<|tool_call|>", to=_LIST, where="outside_code"),)
_BEGINNINGS: Final = ("Here is my", "Here's my")

GRANITE: Final = (
    Family(
        name="granite",
        models="Granite 3.2",
        text=tuple(
            Marker(f"{begun} thought process:", to="thinking", where="leading")
            for begun in _BEGINNINGS
        ),
        thinking=tuple(Marker(f"{begun} response:", to="text") for begun in _BEGINNINGS),
        calls=_CALLS,
    ),
    msgspec.structs.replace(
        THINK,
        name="granite_33",
        models="Granite 3.3",
        text=(
            *THINK.text,
            Marker("<response>", to="text", where="leading"),
            Marker("</response>", to="text", where="outside_code"),
        ),
        calls=_CALLS,
    ),
    Family(
        name="granite_20b_fc",
        models="Granite-20B-FunctionCalling",
        calls=(
            Marker(
                "<function_call>",
                to=msgspec.structs.replace(_LIST, head=first_is("{")),
                where="outside_code",
            ),
        ),
    ),
)
