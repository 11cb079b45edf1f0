"""Apertus: calls as a list of one-key objects, also inside thinking, which goes on behind them."""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import object_text, raw_objects
from mlx_relay.pipeline.families.pairs import between
from mlx_relay.pipeline.markers import Body, Call, Capture, Marker, Reading


def read_calls(body: Body) -> Reading:
    """Read ``[{"NAME": {...}}, ...]``; raises Unreadable for anything else."""
    entries = raw_objects(body.text.strip())
    return [
        Call(name, object_text(arguments)) for entry in entries for name, arguments in entry.items()
    ]


APERTUS: Final = msgspec.structs.replace(
    between("<|inner_prefix|>", "<|inner_suffix|>"),
    name="apertus",
    models="Apertus",
    calls=(
        Marker(
            "<|tools_prefix|>",
            to=Capture(
                read=read_calls,
                closing=("<|tools_suffix|>",),
                tracker=json_text,
                ends_with_stream=True,
            ),
            where="outside_code",
        ),
    ),
    calls_in_thinking="interrupt_it",
)
