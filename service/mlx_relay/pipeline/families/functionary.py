"""Functionary: calls with the name in a tag (3.1) or behind ``>>>`` (3.2).

In 3.2 ``all`` is the recipient of the answer. The prompt holds the first ``>>>``.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Family, Marker, Reading, begins_like

_TAGGED = re.compile(r"(?P<name>[^<>\s]+)>(?P<json>.*)", re.DOTALL)
_LINES = re.compile(r"(?P<name>[\w.\-]+)\n(?P<json>.*)", re.DOTALL)


def read_tagged_call(body: Body) -> Reading:
    """Read a name, the end of the tag and JSON; raises Unreadable for anything else."""
    return _read(_TAGGED, body)


def read_call_on_lines(body: Body) -> Reading:
    """Read a name on its line and JSON; raises Unreadable for anything else."""
    return _read(_LINES, body)


def _read(pattern: re.Pattern[str], body: Body) -> Reading:
    found = pattern.match(body.text)
    if found is None:
        raise Unreadable("no name")
    return [Call(found["name"], object_text(found["json"]))]


FUNCTIONARY: Final = (
    Family(
        name="functionary_v31",
        models="Functionary 3.1",
        calls=(
            Marker(
                "<function=",
                to=Capture(
                    read=read_tagged_call,
                    closing=("</function>",),
                    stops=("<function=",),
                    tracker=json_text,
                    ends_with_stream=True,
                ),
                where="outside_code",
            ),
        ),
    ),
    Family(
        name="functionary_v32",
        models="Functionary 3.2",
        text=(Marker("all\n", to="text", where="first"), Marker(">>>all\n", to="text")),
        calls=(
            Marker(
                ">>>",
                to=Capture(
                    read=read_call_on_lines,
                    head=begins_like(
                        r"[\w.\-]+\n\s*\{", r"[^\w.\-]|[\w.\-]++(?:[^\w.\-\n]|\n\s*+[^\s{])"
                    ),
                    tracker=json_text,
                    ends_itself=True,
                ),
                where="outside_code",
            ),
        ),
    ),
)
