"""Beam: harmony's headers; thinking ends with its message, and a call's arguments are elements."""

import re
from typing import Final

from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, Turn

_MESSAGE_MARKER: Final = "<|message|>"
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")
_CHANNEL = re.compile(r"<\|channel\|>\s*(\w+)")
_read_named = TaggedCall(
    r"(?P<name>[^\n]+)\n",
    r'<rfl:parameter\s+name="(?P<key>[^"]+)"\s*>(?P<value>.*?)</rfl:parameter>',
)


def read_message(body: Body) -> Reading:
    """Read the elements behind a header with a recipient; raises Unreadable for anything else."""
    header, _, elements = body.text.partition(_MESSAGE_MARKER)
    recipient = _recipient(header)
    return _read_named(Body(f"{recipient}\n{elements}", body.closing, body.tools))


def read_header(body: Body) -> Reading:
    """Tell where the message goes; None if this is no header."""
    if not body.closing:
        return None
    if _recipient(body.text):
        return Turn(_MESSAGE)
    channels = _CHANNEL.findall(body.text)
    return Turn("thinking" if channels and channels[-1] == "analysis" else "text")


def _recipient(header: str) -> str:
    found = _RECIPIENT.search(header)
    return found[1] if found else ""


_ENDS: Final = ("<|end|>", "<|call|>", "<|return|>")
_MESSAGE: Final = Capture(read=read_message, closing=_ENDS, stops=("<|start|>", "<|channel|>"))
_HEADER: Final = Capture(read=read_header, closing=(_MESSAGE_MARKER,), stops=_ENDS, limit=256)
_HEADERS: Final = (
    Marker("<|channel|>", to=_HEADER, where="outside_code", keeps=True),
    Marker("<|start|>", to=_HEADER, where="outside_code", keeps=True),
    Marker(" to=", to=_HEADER, where="first", keeps=True),
)

BEAM: Final = Family(
    name="beam",
    models="Beam",
    text=(*_HEADERS, *(Marker(end, to="text", where="outside_code") for end in _ENDS)),
    thinking=(*(Marker(end, to="text") for end in _ENDS), *_HEADERS[:2]),
    calls=_HEADERS,
)
