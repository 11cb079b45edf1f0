"""Gemma 4: a thought channel with a label line, calls with a value syntax of their own."""

from typing import Any, Final

from mlx_relay.pipeline.bodies.literals import Literals
from mlx_relay.pipeline.bodies.pythonic import call_of
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, begins_like

_QUOTE: Final = '<|"|>'


def read_call(body: Body) -> Reading:
    """Read ``call:NAME{key:<|"|>text<|"|>,other:42}``; raises Unreadable for anything else."""
    literals = Literals(body.text, quote=_QUOTE)
    literals.want("call:")
    name = literals.name()
    arguments: Any = literals.value()
    if not isinstance(arguments, dict) or not literals.is_at_end():
        raise Unreadable("no call")
    return [call_of(name, arguments)]


_CALL: Final = Capture(
    read=read_call,
    closing=("<tool_call|>",),
    stops=("<|tool_call>",),
    head=begins_like(r"\s*call:", r"\s*(?:[^\sc]|c[^a]|ca[^l]|cal[^l]|call[^:])"),
    ends_with_stream=True,
)

_OPENINGS: Final = ("<|channel>thought\n", "<|channel>thought", "<|channel>")

GEMMA4: Final = Family(
    name="gemma4",
    models="Gemma 4",
    white_space="the line end behind the label belongs to the marker",
    text=(
        *(Marker(text, to="thinking", where="outside_code") for text in _OPENINGS),
        Marker("<channel|>", to="text", where="outside_code"),
    ),
    thinking=(
        Marker("<channel|>", to="text"),
        *(Marker(text, to="thinking", where="leading") for text in _OPENINGS),
    ),
    field=tuple(Marker(text, to="field", where="first") for text in _OPENINGS),
    calls=(Marker("<|tool_call>", to=_CALL, where="outside_code"),),
)
