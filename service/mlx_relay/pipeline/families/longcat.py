"""LongCat: tags with names of its own; a call is JSON, or keys and values."""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.families.pairs import between
from mlx_relay.pipeline.markers import Body, Capture, Marker, Reading

_read_json = JsonCalls()
_read_pairs = TaggedCall(
    r"\s*(?P<name>[^\s<>{\[]+)",
    r"<longcat_arg_key>(?P<key>.*?)</longcat_arg_key>\s*"
    r"<longcat_arg_value>(?P<value>.*?)</longcat_arg_value>",
)


def read_call(body: Body) -> Reading:
    """Read JSON, or a name with keys and values; raises Unreadable for anything else."""
    is_json = body.text.lstrip().startswith(("{", "["))
    return _read_json(body) if is_json else _read_pairs(body)


LONGCAT: Final = msgspec.structs.replace(
    between("<longcat_think>", "</longcat_think>"),
    name="longcat",
    models="LongCat-Flash, LongCat-Flash-Thinking, LongCat-Flash-Lite",
    calls=(
        Marker(
            "<longcat_tool_call>",
            to=Capture(
                read=read_call, closing=("</longcat_tool_call>",), stops=("<longcat_tool_call>",)
            ),
            where="outside_code",
        ),
    ),
)
