"""Which names there are for the formats of reasoning and tool calls, and what they stand for.

A new family is one file with its table, one line in FAMILIES, and its names in ALIASES.
"""

import difflib
from typing import Final

from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE
from mlx_relay.pipeline.scanner import Family

FAMILIES: Final[dict[str, Family]] = {
    "none": Family(),
    "think": THINK,
    "deepseek_r1": THINK_INSIDE,
}
"""Our formats. ``deepseek_r1`` is ``think`` for models whose template opens the block."""

ALIASES: Final[dict[str, str]] = {
    "auto": "think",
    "identity": "none",
    "deepseek-r1": "deepseek_r1",
    "glm45": "think",
    "glm47_flash": "deepseek_r1",
    "glm4_moe": "think",
    "hermes": "think",
    "kimi_k2": "think",
    "minimax_m2": "deepseek_r1",
    "nemotron3_nano": "deepseek_r1",
    "qwen3": "think",
    "qwen3-thinking": "deepseek_r1",
    "qwen3_5": "deepseek_r1",
    "qwen3_moe": "deepseek_r1",
    "qwen3_vl": "deepseek_r1",
}
"""What users of vLLM, SGLang and mlx-openai-server type, and the format it means."""


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
