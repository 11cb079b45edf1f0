"""Inkling: typed blocks in any order; what stands between a message and its type is a header."""

from typing import Final

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.markers import WHITE_SPACE, Body, Capture, Family, Marker, Reading, Turn

_THINKING: Final = "<|content_thinking|>"
_TEXT: Final = "<|content_text|>"
_CALL_TYPE: Final = "<|content_invoke_tool_json|>"
_ENDS: Final = ("<|end_message|>", "<|content_model_end_sampling|>")
_MESSAGE: Final = "<|message_model|>"

_read_json: Final = JsonCalls(arguments=("args",))


def read_call(body: Body) -> Reading:
    """Read JSON behind a header or none; raises Unreadable for anything else."""
    _, found, behind = body.text.partition(_CALL_TYPE)
    has_header = bool(found) and not body.text.lstrip().startswith("{")
    return _read_json(Body(behind if has_header else body.text, body.closing, body.tools))


_CALL: Final = Capture(
    read=read_call, closing=_ENDS, stops=(_MESSAGE,), tracker=json_text, ends_with_stream=True
)


def read_header(body: Body) -> Reading:
    """Tell what the block is, by the type that ended its header."""
    turns = {_THINKING: Turn("thinking"), _TEXT: Turn("text"), _CALL_TYPE: Turn(_CALL)}
    return turns.get(body.closing)


_HEADER: Final = Capture(
    read=read_header,
    closing=(_THINKING, _TEXT, _CALL_TYPE),
    stops=(*_ENDS, _MESSAGE),
    limit=256,
)

INKLING: Final = Family(
    name="inkling",
    models="Inkling",
    white_space="white space at the end of thinking dropped",
    text=(
        Marker(_MESSAGE, to=_HEADER, where="outside_code"),
        Marker(_THINKING, to="thinking", where="outside_code"),
        Marker(_TEXT, to="text", where="outside_code"),
        *(Marker(end, to="text") for end in _ENDS),
    ),
    thinking=(
        *(Marker(text, to="text", before=WHITE_SPACE) for text in (*_ENDS, _TEXT)),
        Marker(_MESSAGE, to=_HEADER, before=WHITE_SPACE),
        Marker(_THINKING, to="thinking", where="leading"),
    ),
    field=(Marker(_THINKING, to="field", where="first"),),
    calls=(Marker(_CALL_TYPE, to=_CALL, where="outside_code"),),
)
