"""Kimi K3 (XTML): channels for thinking, answer and calls; the template opens the first.

A channel that opens ends the one before it, whether that was closed or not.
"""

from typing import Final

from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.markers import Capture, Family, Marker

read_call: Final = TaggedCall(
    r'\s*tool="(?P<name>[^"]*)"[^<>]*<\|sep\|>',
    r'<\|open\|>argument\s+key="(?P<key>[^"]*)"(?:\s+type="(?P<kind>[^"]*)")?\s*<\|sep\|>'
    r"(?P<value>.*?)<\|close\|>argument<\|sep\|>",
    has_entities=True,
)

_OPEN_THINK: Final = "<|open|>think<|sep|>"
_OPEN_RESPONSE: Final = "<|open|>response<|sep|>"
_CLOSE_TOOLS: Final = "<|close|>tools<|sep|>"
_CLOSINGS: Final = tuple(f"<|close|>{channel}<|sep|>" for channel in ("response", "message"))
_CLOSE_THINK: Final = "<|close|>think<|sep|>"

KIMI_K3: Final = Family(
    name="kimi_k3",
    models="Kimi K3",
    starts_in_thinking=True,
    text=(
        Marker(_OPEN_THINK, to="thinking", where="outside_code"),
        *(Marker(text, to="text") for text in (_OPEN_RESPONSE, _CLOSE_THINK, *_CLOSINGS)),
    ),
    thinking=(
        *(Marker(text, to="text") for text in (_CLOSE_THINK, _OPEN_RESPONSE, *_CLOSINGS)),
        Marker(_OPEN_THINK, to="thinking", where="leading"),
    ),
    field=(Marker(_OPEN_THINK, to="field", where="first"),),
    calls=(Marker("<|open|>tools<|sep|>", to="section", where="outside_code"),),
    section=(
        Marker(
            "<|open|>call ",
            to=Capture(read=read_call, closing=("<|close|>call<|sep|>",), stops=(_CLOSE_TOOLS,)),
            then="section",
        ),
        Marker(_CLOSE_TOOLS, to="text"),
    ),
)
