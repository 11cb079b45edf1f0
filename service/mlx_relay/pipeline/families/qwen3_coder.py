"""Calls as elements with untyped values, between ``<tool_call>`` tags: Qwen3-Coder, Qwen3.5.

The outer tags may be missing. One line end at each side of a value belongs to the tags.
"""

from typing import Final

from mlx_relay.pipeline.bodies.elements import ElementCalls, without_wrapping_newlines
from mlx_relay.pipeline.markers import Capture, Marker, first_is

read_functions = ElementCalls(
    r"<function\s*=(?P<name>[^<>]+)>(?P<body>.*?)(?:</function>|(?=<function\s*=)|\Z)",
    r"<parameter\s*=(?P<key>[^<>]+)>(?P<value>.*?)(?:</parameter>|(?=<parameter\s*=)|\Z)",
    clean=without_wrapping_newlines,
)

WRAPPED_CALL: Final = Capture(
    read=read_functions, closing=("</tool_call>",), stops=("<tool_call>",), head=first_is("<")
)
BARE_CALL: Final = Capture(read=read_functions, closing=("</function>",), stops=("<function=",))

QWEN3_CODER_CALLS: Final = (
    Marker("<tool_call>", to=WRAPPED_CALL, where="outside_code"),
    Marker("<function=", to=BARE_CALL, where="outside_code", keeps=True),
    Marker("</tool_call>", to="text", where="after_call"),
    Marker("\n</tool_call>", to="text", where="after_call"),
)
