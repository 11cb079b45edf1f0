"""Mistral: ``[THINK]`` around the reasoning, ``[TOOL_CALLS]`` before each call, nothing behind it.

A call is ``NAME[ARGS]{...}`` (the id before, the marker may be missing), in older models a list of
JSON objects. It ends where its JSON does.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls, object_text
from mlx_relay.pipeline.markers import (
    WHITE_SPACE,
    Body,
    Call,
    Capture,
    Family,
    Marker,
    Reading,
    begins_like,
)

_NAMED = re.compile(
    r"\s*(?P<name>[^\s\[\]{}]+)\s*(?:\[CALL_ID\]\s*(?P<id>[^\s\[\]{}]+)\s*)?(?:\[ARGS\]\s*)?"
)
_read_list = JsonCalls()


def read_call(body: Body) -> Reading:
    """Read a named call or a list; raises Unreadable for anything else."""
    named = _NAMED.match(body.text)
    if named is None:
        return _read_list(body)
    return [Call(named["name"], object_text(body.text[named.end() :]), named["id"] or "")]


_CALL: Final = Capture(
    read=read_call,
    stops=("[TOOL_CALLS]",),
    head=begins_like(
        r"\s*(?:[\[{]|[^\s\[\]{}]+\s*[\[{])",
        r"\s*+(?:[\]}]|[^\s\[\]{}]++\s*+[^\s\[{])",
    ),
    tracker=json_text,
    ends_itself=True,
)

MISTRAL: Final = Family(
    name="mistral",
    models="Magistral, Ministral 3, Mistral Small 4, Devstral",
    white_space="white space at the end of thinking, and a blank answer before a call, are dropped",
    text=(
        Marker("[THINK]", to="thinking", where="outside_code"),
        Marker("[/THINK]", to="text", where="outside_code"),
    ),
    thinking=(
        Marker("[/THINK]", to="text", before=WHITE_SPACE),
        Marker("[THINK]", to="thinking", where="leading"),
    ),
    field=(Marker("[THINK]", to="field", where="first"),),
    calls=(Marker("[TOOL_CALLS]", to=_CALL, where="outside_code", drops_blank=True),),
)
