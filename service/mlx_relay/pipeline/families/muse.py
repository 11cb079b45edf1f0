"""Muse Glimmer: each message has a recipient; calls are elements.

``self`` makes a message thinking; a tool's name makes it a call; anybody else gets the answer. The
first header lacks its beginning, which the prompt holds.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.tagged import TaggedCall, in_a_row
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, Turn

_MESSAGE_MARKER: Final = "<|message|>"
_RECIPIENT = re.compile(r"\bto=([^\s<]+)")
_PEOPLE: Final = ("", "user", "commentary", "developer", "assistant")
_WRAPPER: Final = ("<atem:function_calls>", "</atem:function_calls>")
_INVOCATION = re.compile(r"\s*<atem:invoke\b(?P<text>.*?)</atem:invoke>", re.DOTALL)
_read_invoke = TaggedCall(
    r'\s+name="(?P<name>[^"]+)"\s*>',
    r'<atem:parameter\s+name="(?P<key>[^"]+)"\s*>(?P<value>.*?)</atem:parameter>',
)


def read_invocations(body: Body) -> Reading:
    """Read elements with nothing between them; raises Unreadable for anything else."""
    found = in_a_row(_INVOCATION, body.text, 0)
    return [
        call
        for element in found
        for call in _read_invoke(Body(element["text"], body.closing, body.tools))
    ]


def read_message(body: Body) -> Reading:
    """Read the wrapped elements behind a header with a recipient; else Unreadable."""
    text = body.text.partition(_MESSAGE_MARKER)[2].strip()
    opening, closing = _WRAPPER
    if not (text.startswith(opening) and text.endswith(closing)):
        raise Unreadable("no wrapper")
    inside = text.removeprefix(opening).removesuffix(closing)
    return read_invocations(Body(inside, body.closing, body.tools))


def read_header(body: Body) -> Reading:
    """Tell where the message goes; None if this is no header."""
    if not body.closing:
        return None
    recipients = _RECIPIENT.findall(body.text)
    recipient = recipients[-1] if recipients else ""
    if recipient == "self":
        return Turn("thinking")
    return Turn("text") if recipient in _PEOPLE else Turn(_MESSAGE)


_ENDS: Final = ("<|eom|>", "<|eot|>")
_START: Final = "<|start|>"
_MESSAGE: Final = Capture(read=read_message, closing=_ENDS, stops=(_START,), ends_with_stream=True)
_HEADER: Final = Capture(read=read_header, closing=(_MESSAGE_MARKER,), stops=_ENDS, limit=256)
_HEADERS: Final = (
    Marker(_START, to=_HEADER, where="outside_code", keeps=True),
    Marker(" to=", to=_HEADER, where="first", keeps=True),
    Marker("to=", to=_HEADER, where="first", keeps=True),
)

MUSE_GLIMMER: Final = Family(
    name="muse_glimmer",
    models="Muse Glimmer, Muse Spark",
    text=(*_HEADERS, *(Marker(end, to="text") for end in _ENDS)),
    thinking=(*(Marker(end, to="text") for end in _ENDS), _HEADERS[0]),
    calls=(
        *_HEADERS,
        Marker(
            _WRAPPER[0],
            to=Capture(read=read_invocations, closing=_WRAPPER[1:]),
            where="outside_code",
        ),
    ),
)
