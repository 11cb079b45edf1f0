"""Llama 3 and xLAM: calls as JSON that may stand bare, where the answer begins with it.

Bare JSON is a call only if it says so: a name first, and arguments.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls, raw_objects
from mlx_relay.pipeline.families.hermes import HERMES_CALLS
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, begins_like, first_is

_read_json = JsonCalls()


def read_bare_calls(body: Body) -> Reading:
    """Read JSON with names and arguments; what joins it to a call before it is passed over."""
    text = body.text.lstrip("; \n")
    for entry in raw_objects(text if text.startswith("[") else f"[{text}]"):
        if not entry.keys() & {"arguments", "parameters"}:
            raise Unreadable("no arguments")
    return _read_json(msgspec.structs.replace(body, text=text))


_BEHIND: Final = Capture(read=_read_json, head=first_is("[{"), tracker=json_text, ends_itself=True)
_OBJECT: Final = Capture(
    read=read_bare_calls,
    head=begins_like(
        r'(?:; )?\{\s*"name"', r'(?:; )?+\{\s*+(?:[^\s"]|"(?:[^n]|n[^a]|na[^m]|nam[^e]|name[^"]))'
    ),
    tracker=json_text,
    ends_itself=True,
)
_LIST: Final = msgspec.structs.replace(
    _OBJECT,
    head=begins_like(
        r'\[\s*\{\s*"name"',
        r'\[\s*+(?:[^\s{]|\{\s*+(?:[^\s"]|"(?:[^n]|n[^a]|na[^m]|nam[^e]|name[^"])))',
    ),
)
BARE_JSON: Final = (
    Family(
        name="llama3_json",
        models="Llama 3.1, 3.2, 3.3",
        calls=(
            Marker("<|python_tag|>", to=_BEHIND, where="outside_code"),
            Marker("{", to=_OBJECT, where="leading", keeps=True),
            Marker("; {", to=_OBJECT, where="after_call", keeps=True),
        ),
    ),
    Family(
        name="xlam",
        models="xLAM",
        calls=(
            Marker("[", to=_LIST, where="leading", keeps=True),
            Marker("[TOOL_CALLS]", to=_BEHIND, where="outside_code"),
            *HERMES_CALLS,
        ),
    ),
)
