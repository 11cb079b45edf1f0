"""Seed-OSS: its own names for the tags of thinking and around the calls of Qwen3-Coder."""

from typing import Final

import msgspec

from mlx_relay.pipeline.families.pairs import between
from mlx_relay.pipeline.families.qwen3_coder import read_functions
from mlx_relay.pipeline.markers import Capture, Marker, first_is

SEED_OSS: Final = msgspec.structs.replace(
    between("<seed:think>", "</seed:think>"),
    name="seed_oss",
    models="Seed-OSS-36B",
    calls=(
        Marker(
            "<seed:tool_call>",
            to=Capture(
                read=read_functions,
                closing=("</seed:tool_call>",),
                stops=("<seed:tool_call>",),
                head=first_is("<"),
            ),
            where="outside_code",
        ),
    ),
)
