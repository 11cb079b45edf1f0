"""Kimi K1: its own pair of markers, no calls."""

from typing import Final

import msgspec

from mlx_relay.pipeline.families.pairs import between

KIMI_K1: Final = msgspec.structs.replace(
    between("◁think▷", "◁/think▷"), name="kimi_k1", models="Kimi K1.5, Kimi-VL-Thinking"
)
