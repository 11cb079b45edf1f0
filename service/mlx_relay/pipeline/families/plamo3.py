"""PLaMo 3: long markers around everything; a call has a part for its name and one for JSON."""

import re
from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.families.pairs import between
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Marker, Reading


def _mark(name: str) -> str:
    return f"<|plamo:{name}:plamo|>"


_HEADER = re.compile(
    rf"\s*{re.escape(_mark('begin_tool_name'))}(?P<name>[^<>]+){re.escape(_mark('end_tool_name'))}"
    rf"\s*{re.escape(_mark('begin_tool_arguments'))}"
    rf"(?:\s*{re.escape(_mark('constrain'))}\s*json\s*)?(?:{re.escape(_mark('msg'))})?"
)


def read_request(body: Body) -> Reading:
    """Read the name and the JSON behind it; raises Unreadable for anything else."""
    header = _HEADER.match(body.text)
    name = header["name"].strip() if header else ""
    if header is None or not name:
        raise Unreadable("no name")
    return [Call(name, object_text(body.text[header.end() :]))]


_REQUEST: Final = Capture(
    read=read_request,
    closing=(_mark("end_tool_arguments"),),
    stops=tuple(
        map(_mark, ("begin_tool_request", "end_tool_request", "end_tool_requests")),
    ),
)

PLAMO3: Final = msgspec.structs.replace(
    between(_mark("begin_think"), _mark("end_think")),
    name="plamo3",
    models="PLaMo 3",
    starts_in_thinking=True,
    calls=(Marker(_mark("begin_tool_requests"), to="section", where="outside_code"),),
    section=(
        Marker(_mark("begin_tool_request"), to=_REQUEST, then="section"),
        Marker(_mark("end_tool_request"), to="section"),
        Marker(_mark("end_tool_requests"), to="text"),
    ),
)
