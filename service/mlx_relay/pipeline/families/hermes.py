"""Calls as JSON between ``<tool_call>`` tags: Hermes, Qwen and whoever learned from them.

The tag ends thinking only where JSON follows it. It does not close the call inside a string.
"""

from typing import Final

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.markers import Capture, Marker, first_is

JSON_CALL: Final = Capture(
    read=JsonCalls(),
    closing=("</tool_call>",),
    stops=("<tool_call>",),
    head=first_is("{["),
    tracker=json_text,
    ends_with_stream=True,
)

HERMES_CALLS: Final = (Marker("<tool_call>", to=JSON_CALL, where="outside_code"),)
