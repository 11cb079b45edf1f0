"""Solar Open: typed blocks, each behind its own marker; a call brings its id.

The first block lacks its beginning, which the prompt holds.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Family, Marker, Reading

_TEXT = re.compile(
    r"(?P<id>[^<]*)<\|tool_call:name\|>(?P<name>[^<]+)<\|tool_call:args\|>(?P<json>.*)", re.DOTALL
)


def read_call(body: Body) -> Reading:
    """Read an id, a name and JSON with their markers; raises Unreadable for anything else."""
    found = _TEXT.match(body.text)
    name = found["name"].strip() if found else ""
    if found is None or not name:
        raise Unreadable("no name")
    return [Call(name, object_text(found["json"]), found["id"].strip())]


_CALL: Final = Capture(
    read=read_call, closing=("<|tool_call:end|>",), stops=("<|tool_call:begin|>", "<|end|>")
)
_DROPPED: Final = ("<|begin|>assistant", "<|content|>", "<|end|>")

SOLAR_OPEN: Final = Family(
    name="solar_open",
    models="Solar-Open-100B, Solar-Open2",
    text=(
        Marker("<|think|>", to="thinking", where="outside_code"),
        *(Marker(text, to="text", where="outside_code") for text in _DROPPED),
    ),
    thinking=(Marker("<|end|>", to="text"), Marker("<|think|>", to="thinking", where="leading")),
    field=(Marker("<|think|>", to="field", where="first"),),
    calls=(
        Marker("<|tool_calls|>", to="section", where="outside_code"),
        Marker("<|tool_call:begin|>", to=_CALL, where="outside_code"),
    ),
    section=(
        Marker("<|tool_call:begin|>", to=_CALL, then="section"),
        Marker("<|end|>", to="text"),
    ),
)
