"""Calls as a Python list: LFM2 between its tokens, Llama 4 between its own or bare.

A bare list is one only where the answer, or what follows a call, begins with it.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.brackets import python_text
from mlx_relay.pipeline.bodies.pythonic import read_call_list
from mlx_relay.pipeline.families.think import THINK
from mlx_relay.pipeline.markers import Capture, Family, Marker, begins_like, first_is

_LIST: Final = Capture(
    read=read_call_list, tracker=python_text, head=first_is("["), ends_with_stream=True
)
_BARE_LIST: Final = msgspec.structs.replace(
    _LIST,
    ends_itself=True,
    ends_with_stream=False,
    head=begins_like(
        r"\[\s*[^\W\d][\w.\-]*\s*\(", r"\[\s*+(?:[^\w\s]|\d|[^\W\d][\w.\-]*+\s*+[^(\s])"
    ),
)

PYTHONIC: Final = Family(
    name="pythonic",
    models="Llama 3.2 and Llama 4",
    calls=(
        Marker(
            "<|python_start|>",
            to=msgspec.structs.replace(_LIST, closing=("<|python_end|>",)),
            where="outside_code",
        ),
        Marker("[", to=_BARE_LIST, where="leading", keeps=True),
    ),
)

LFM2: Final = msgspec.structs.replace(
    THINK,
    name="lfm2",
    models="LFM2, LFM2.5",
    calls=(
        Marker(
            "<|tool_call_start|>",
            to=msgspec.structs.replace(_LIST, closing=("<|tool_call_end|>",)),
            where="outside_code",
        ),
    ),
)
