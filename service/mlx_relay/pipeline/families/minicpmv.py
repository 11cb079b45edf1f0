"""MiniCPM-V: the tags of ``think``, and reserved tokens that do not belong to any text."""

from typing import Final

import msgspec

from mlx_relay.pipeline.families.think import THINK
from mlx_relay.pipeline.markers import Marker

_RESERVED: Final = ("<reserved_12>", "<|reserved_13|>", "<|im_end|>")

MINICPMV: Final = msgspec.structs.replace(
    THINK,
    name="minicpmv",
    models="MiniCPM-V 4",
    text=(
        *THINK.text,
        Marker("</think>", to="text", where="outside_code"),
        *(Marker(text, to="text") for text in _RESERVED),
    ),
    thinking=(*THINK.thinking, *(Marker(text, to="thinking") for text in _RESERVED)),
)
