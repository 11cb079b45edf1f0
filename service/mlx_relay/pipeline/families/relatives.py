"""Families with the tags of ``think`` that differ in where they start, in white space or in calls.

``deepseek_r1``, and all whose template opens the block, start in thinking.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.pythonic import read_call_lines
from mlx_relay.pipeline.families.hermes import HERMES_CALLS
from mlx_relay.pipeline.families.qwen3_coder import QWEN3_CODER_CALLS
from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE, without_space_at_the_end
from mlx_relay.pipeline.markers import CallsInThinking, Capture, Family, Marker


def _relative(
    base: Family,
    name: str,
    models: str,
    calls: tuple[Marker, ...] = (),
    calls_in_thinking: CallsInThinking = "end_it",
) -> Family:
    return msgspec.structs.replace(
        base, name=name, models=models, calls=calls, calls_in_thinking=calls_in_thinking
    )


def _with_response_wrapper(family: Family) -> Family:
    """Return *family* with the tags that may stand around its answer."""
    return msgspec.structs.replace(
        family,
        white_space="line ends behind `</think>` and around `<response>` dropped",
        text=(
            *family.text,
            Marker("<response>", to="text", where="leading", before="\n", after="\n"),
            Marker("</response>", to="text", where="outside_code", before="\n", after="\n"),
        ),
        thinking=tuple(
            msgspec.structs.replace(marker, after="\n") if marker.to == "text" else marker
            for marker in family.thinking
        ),
    )


_HANDED_OFF: Final = msgspec.structs.replace(
    THINK,
    text=tuple(
        Marker(tag, to="thinking", where="outside_code") for tag in ("<think>", "<thinking>")
    ),
    thinking=(
        *(Marker(tag, to="text") for tag in ("</think>", "</thinking>")),
        *(Marker(tag, to="thinking", where="leading") for tag in ("<think>", "<thinking>")),
    ),
    field=tuple(Marker(tag, to="field", where="first") for tag in ("<think>", "<thinking>")),
)
_OLMO3_CALLS: Final = (
    Marker(
        "<function_calls>",
        to=Capture(read=read_call_lines, closing=("</function_calls>",)),
        where="outside_code",
    ),
)
_STRIPPED: Final = without_space_at_the_end(THINK_INSIDE)
_GRANITE: Final = msgspec.structs.replace(
    _STRIPPED,
    white_space="white space at the end of thinking and line ends before the answer dropped",
    thinking=tuple(
        msgspec.structs.replace(marker, after="\n") if marker.to == "text" else marker
        for marker in _STRIPPED.thinking
    ),
)

RELATIVES: Final = (
    _relative(THINK_INSIDE, "deepseek_r1", "DeepSeek-R1 and its distills, QwQ, MiniMax-M1"),
    _relative(THINK_INSIDE, "holo2", "Holo2"),
    _relative(THINK, "hermes", "Hermes, Qwen2.5", HERMES_CALLS),
    _relative(THINK, "qwen3", "Qwen3, Qwen3-VL", HERMES_CALLS),
    _relative(THINK_INSIDE, "qwen3_thinking", "Qwen3-Thinking-2507", HERMES_CALLS),
    _relative(THINK, "qwen3_coder", "Qwen3-Coder", QWEN3_CODER_CALLS),
    _relative(THINK_INSIDE, "qwen3_5", "Qwen3.5, Qwen3.6", QWEN3_CODER_CALLS),
    _relative(_STRIPPED, "nemotron_v3", "Nemotron 3", QWEN3_CODER_CALLS),
    _relative(_GRANITE, "granite_thinking", "Granite 4.2 with thinking", HERMES_CALLS),
    _relative(
        without_space_at_the_end(THINK_INSIDE, "\n"),
        "step3p5",
        "Step-3.5-Flash, Step-3.7-Flash",
        QWEN3_CODER_CALLS,
    ),
    _relative(THINK_INSIDE, "olmo3", "Olmo-3-Think", _OLMO3_CALLS, "are_ignored"),
    _relative(
        _with_response_wrapper(THINK_INSIDE),
        "ernie45",
        "ERNIE-4.5-Thinking",
        HERMES_CALLS,
        "are_ignored",
    ),
    _relative(THINK_INSIDE, "reka", "Reka-Edge", HERMES_CALLS),
    _relative(
        _HANDED_OFF,
        "mixed_think_tool_handoff",
        "models that think on behind a call",
        QWEN3_CODER_CALLS,
        "interrupt_it",
    ),
    _relative(
        msgspec.structs.replace(_HANDED_OFF, starts_in_thinking=True),
        "step_35",
        "Step-3.5-Flash where it thinks on behind a call",
        QWEN3_CODER_CALLS,
        "interrupt_it",
    ),
)
