"""Which names there are for the formats of reasoning and tool calls, and what they stand for.

A new family is one file with its table, one line in FAMILIES, and its names in ALIASES.
"""

import difflib
from functools import lru_cache
from typing import Final

from mlx_relay.pipeline.combine import combine
from mlx_relay.pipeline.families.apertus import APERTUS
from mlx_relay.pipeline.families.auto import auto
from mlx_relay.pipeline.families.bare_json import BARE_JSON
from mlx_relay.pipeline.families.beam import BEAM
from mlx_relay.pipeline.families.cohere import COHERE, COMMAND_R_PLUS
from mlx_relay.pipeline.families.deepseek import DEEPSEEK
from mlx_relay.pipeline.families.functionary import FUNCTIONARY
from mlx_relay.pipeline.families.gemma4 import GEMMA4
from mlx_relay.pipeline.families.glm import GLM
from mlx_relay.pipeline.families.granite import GRANITE
from mlx_relay.pipeline.families.harmony import HARMONY
from mlx_relay.pipeline.families.harmony_text import HARMONY_TEXT
from mlx_relay.pipeline.families.hunyuan import HUNYUAN
from mlx_relay.pipeline.families.inkling import INKLING
from mlx_relay.pipeline.families.k2_horizon import K2_HORIZON
from mlx_relay.pipeline.families.kimi_k1 import KIMI_K1
from mlx_relay.pipeline.families.kimi_k2 import KIMI_K2
from mlx_relay.pipeline.families.kimi_k3 import KIMI_K3
from mlx_relay.pipeline.families.longcat import LONGCAT
from mlx_relay.pipeline.families.minicpmv import MINICPMV
from mlx_relay.pipeline.families.minimax import MINIMAX_M2, MINIMAX_M3
from mlx_relay.pipeline.families.mistral import MISTRAL
from mlx_relay.pipeline.families.muse import MUSE_GLIMMER
from mlx_relay.pipeline.families.named_elements import NAMED_ELEMENTS
from mlx_relay.pipeline.families.names import ALIASES
from mlx_relay.pipeline.families.plamo3 import PLAMO3
from mlx_relay.pipeline.families.pythonic import LFM2, PYTHONIC
from mlx_relay.pipeline.families.relatives import RELATIVES
from mlx_relay.pipeline.families.seed_oss import SEED_OSS
from mlx_relay.pipeline.families.solar_open import SOLAR_OPEN
from mlx_relay.pipeline.families.think import THINK
from mlx_relay.pipeline.families.wrapped_json import WRAPPED_JSON
from mlx_relay.pipeline.markers import Family

_ALL: Final = (
    Family(name="none", models="any; everything stays text"),
    THINK,
    *RELATIVES,
    *DEEPSEEK,
    APERTUS,
    BEAM,
    COHERE,
    COMMAND_R_PLUS,
    HARMONY_TEXT,
    INKLING,
    K2_HORIZON,
    KIMI_K1,
    KIMI_K3,
    LONGCAT,
    MINIMAX_M2,
    MINIMAX_M3,
    MUSE_GLIMMER,
    PLAMO3,
    SEED_OSS,
    *BARE_JSON,
    *FUNCTIONARY,
    *GLM,
    *GRANITE,
    *HUNYUAN,
    MINICPMV,
    *NAMED_ELEMENTS,
    SOLAR_OPEN,
    *WRAPPED_JSON,
    GEMMA4,
    HARMONY,
    KIMI_K2,
    LFM2,
    MISTRAL,
    PYTHONIC,
)

FAMILIES: Final[dict[str, Family]] = {
    "auto": auto(_ALL),
    **{family.name: family for family in _ALL},
}
"""Our formats by their names."""


class UnknownParser(ValueError):
    """There is no parser of this name; the text names those that look like it."""

    def __init__(self, name: str) -> None:
        near = difflib.get_close_matches(name.lower(), parser_names(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "try auto or none."
        super().__init__(f"There is no parser named {name!r}: {hint}")


def parser_names() -> list[str]:
    """Return every name that a parser argument may have."""
    return sorted([*FAMILIES, *ALIASES])


def find_family(name: str | None) -> Family:
    """Return the family that *name* stands for, None being ``none``; raises UnknownParser."""
    if name is None:
        return FAMILIES["none"]
    family = FAMILIES.get(ALIASES.get(name, name))
    if family is None:
        raise UnknownParser(name)
    return family


def check_parser(name: str | None) -> None:
    """Raise UnknownParser unless *name* is one that a Pipeline takes."""
    find_family(name)


def find_families(
    reasoning_parser: str | None, tool_parser: str | None, *, starts_in_thinking: bool | None
) -> Family:
    """Return one family for both halves; raises UnknownParser."""
    reasoning = find_family(reasoning_parser)
    if starts_in_thinking and reasoning.settles:
        reasoning = reasoning.settles
    return _combined(reasoning.name, find_family(tool_parser).name)


@lru_cache(maxsize=256)
def _combined(reasoning: str, calls: str) -> Family:
    return combine(FAMILIES[reasoning], FAMILIES[calls])
