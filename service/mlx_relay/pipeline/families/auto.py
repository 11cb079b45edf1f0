"""``auto``: the opening marker that comes first decides which family a text is of.

Only markers that no answer begins by chance decide. Text that shows none of them for a while is
taken for one of the ``<think>`` family, which goes on looking for its tag.
"""

from collections.abc import Iterable
from typing import Final

import msgspec

from mlx_relay.pipeline.markers import Family, Marker, opens_thinking

DECIDING: Final = (
    "think",
    "gemma4",
    "harmony",
    "mistral",
    "apertus",
    "inkling",
    "k2_horizon",
    "kimi_k1",
    "kimi_k3",
    "longcat",
    "minimax_m3",
    "plamo3",
    "seed_oss",
    "cohere",
)
"""The families that ``auto`` tells apart; of those that share a marker the first."""


def auto(families: Iterable[Family]) -> Family:
    """Return the family that becomes one of *families*."""
    known = {family.name: family for family in families}
    text: dict[str, Marker] = {}
    field: dict[str, Marker] = {}
    for family in (known[name] for name in DECIDING):
        for marker in family.text:
            if opens_thinking(marker) and marker.where == "outside_code":
                text.setdefault(marker.text, msgspec.structs.replace(marker, becomes=family))
        for marker in family.field:
            field.setdefault(marker.text, marker)
    return Family(
        name="auto",
        models="any that writes an unmistakable opening marker",
        text=tuple(text.values()),
        field=tuple(field.values()),
        settles=known["think"],
    )
