"""Kimi K2: ``<think>``, and calls with ids of their own in a section."""

import re
from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.families.think import THINK, without_space_at_the_end
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Marker, Reading

_HEADER = re.compile(r"\s*(?P<id>[^\s<]+)\s*<\|tool_call_argument_begin\|>")
_NAME = re.compile(r"(?:functions\.)?(?P<name>.+?)(?::\d+)?\Z")


def read_call(body: Body) -> Reading:
    """Read ``functions.NAME:INDEX``, the marker and JSON; raises Unreadable for anything else."""
    header = _HEADER.match(body.text)
    name = _NAME.match(header["id"]) if header else None
    if header is None or name is None:
        raise Unreadable("no name")
    return [Call(name["name"], object_text(body.text[header.end() :]), header["id"])]


_CALL: Final = Capture(
    read=read_call,
    closing=("<|tool_call_end|>",),
    stops=("<|tool_call_begin|>", "<|tool_calls_section_end|>"),
)
_IN_SECTION: Final = Marker("<|tool_call_begin|>", to=_CALL, then="section")

KIMI_K2: Final = msgspec.structs.replace(
    without_space_at_the_end(THINK),
    name="kimi_k2",
    models="Kimi K2, K2-Thinking, K2.5, K2.6",
    calls=(
        Marker(
            "<|tool_calls_section_begin|>", to="section", where="outside_code", drops_blank=True
        ),
        Marker("<|tool_call_begin|>", to=_CALL, where="outside_code", drops_blank=True),
    ),
    section=(_IN_SECTION, Marker("<|tool_calls_section_end|>", to="text")),
)
