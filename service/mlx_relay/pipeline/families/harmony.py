"""Harmony, the channels of gpt-oss: a header says where the message behind it goes.

A recipient makes a message a call, whatever its channel; ``analysis`` is thinking, the other
channels are the answer. The first header lacks its beginning, which the prompt holds.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.markers import Body, Call, Capture, Family, Marker, Reading, Turn

_RECIPIENT = re.compile(r"\bto=([^\s<]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_MESSAGE_MARKER: Final = "<|message|>"


def read_message(body: Body) -> Reading:
    """Read the arguments behind a header with a recipient; Unreadable if they are no JSON."""
    header, _, arguments = body.text.partition(_MESSAGE_MARKER)
    return [Call(_recipient(header), object_text(arguments))]


def read_header(body: Body) -> Reading:
    """Tell where the message goes; None if this is no header."""
    if body.closing != _MESSAGE_MARKER:
        return None
    if _recipient(body.text):
        return Turn(_MESSAGE)
    channels = _CHANNEL.findall(body.text)
    if not channels:
        return Turn("text")
    if channels[-1] == "analysis":
        return Turn("thinking")
    return Turn("text") if channels[-1] in ("commentary", "final") else None


def _recipient(header: str) -> str:
    recipients = _RECIPIENT.findall(header)
    name = recipients[-1].removeprefix("functions.") if recipients else ""
    return "" if name == "assistant" else name


_ENDS: Final = ("<|end|>", "<|call|>", "<|return|>")
_MESSAGE: Final = Capture(
    read=read_message, closing=_ENDS, stops=("<|start|>", "<|channel|>"), ends_with_stream=True
)
_HEADER: Final = Capture(read=read_header, closing=(_MESSAGE_MARKER,), stops=_ENDS, limit=256)

_HEADERS: Final = (
    Marker("<|channel|>", to=_HEADER, where="outside_code", keeps=True),
    Marker("<|start|>", to=_HEADER, where="outside_code", keeps=True),
    Marker(" to=", to=_HEADER, where="first", keeps=True),
)

HARMONY: Final = Family(
    name="harmony",
    models="gpt-oss",
    text=(
        *_HEADERS,
        *(Marker(text, to="text", where="outside_code") for text in _ENDS),
        Marker("commentary", to="text", where="after_call"),
    ),
    thinking=(
        *(Marker(text, to="text") for text in _ENDS),
        *_HEADERS[:2],
    ),
    calls=_HEADERS,
)
