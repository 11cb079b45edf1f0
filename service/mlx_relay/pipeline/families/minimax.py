"""MiniMax M2 and M3: calls as elements, whose values the request's tools type.

M2 writes thinking that its template opened and flat parameters; M3 has its own tags for thinking,
a prefix before every tag of a call, and elements inside elements.
"""

import re
from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.schemas import to_json
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.bodies.trees import read_elements
from mlx_relay.pipeline.families.pairs import between
from mlx_relay.pipeline.families.think import THINK_INSIDE, without_space_at_the_end
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Marker, Reading

_HEADER: Final = r"""\s*name\s*=\s*(?P<quote>["']?)(?P<name>[^"'<>]+)(?P=quote)\s*>"""

read_flat_invoke: Final = TaggedCall(
    _HEADER,
    r"""<parameter\s+name\s*=\s*(?P<mark>["']?)(?P<key>[^"'<>]+)(?P=mark)\s*>"""
    r"(?P<value>.*?)</parameter\s*>",
)

MINIMAX_M2: Final = msgspec.structs.replace(
    without_space_at_the_end(THINK_INSIDE),
    name="minimax_m2",
    models="MiniMax-M2, M2.1, M2.5, M2.7",
    calls=(Marker("<minimax:tool_call>", to="section", where="outside_code"),),
    section=(
        Marker(
            "<invoke",
            to=Capture(
                read=read_flat_invoke, closing=("</invoke>",), stops=("</minimax:tool_call>",)
            ),
            then="section",
        ),
        Marker("</minimax:tool_call>", to="text"),
    ),
)

_PREFIX: Final = "]<]minimax[>["
_NESTED_HEADER = re.compile(_HEADER)
_TAG = re.compile(re.escape(_PREFIX) + r"<(?P<end>/?)(?P<name>[^<>/]+)>")


def read_nested_invoke(body: Body) -> Reading:
    """Read ``name="F">`` and the elements behind it; raises Unreadable for anything else."""
    header = _NESTED_HEADER.match(body.text)
    if header is None:
        raise Unreadable("no name")
    name = header["name"].strip()
    values = read_elements(_TAG, body.text[header.end() :], body.tools.schema(name))
    return [Call(name, to_json(values))]


_M3: Final = between("<mm:think>", "</mm:think>")

MINIMAX_M3: Final = msgspec.structs.replace(
    _M3,
    name="minimax_m3",
    models="MiniMax-M3",
    text=(*_M3.text, Marker("</mm:think>", to="text", where="leading")),
    calls=(Marker(f"{_PREFIX}<tool_call>", to="section", where="outside_code"),),
    section=(
        Marker(
            f"{_PREFIX}<invoke",
            to=Capture(
                read=read_nested_invoke,
                closing=(f"{_PREFIX}</invoke>",),
                stops=(f"{_PREFIX}</tool_call>",),
            ),
            then="section",
        ),
        Marker(f"{_PREFIX}</tool_call>", to="text"),
    ),
)
