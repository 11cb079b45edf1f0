"""gpt-oss through a detokenizer that drops its markers: only the channels' names are left.

The words stand right at the text's beginning and glued between thinking and answer.
"""

from typing import Final

from mlx_relay.pipeline.markers import Family, Marker

_OPENINGS: Final = ("analysis", "Analysis", "ANALYSIS")
_CLOSINGS: Final = (
    "assistantfinal",
    "assistantFinal",
    "Assistantfinal",
    "AssistantFinal",
    "ASSISTANTFINAL",
)

HARMONY_TEXT: Final = Family(
    name="harmony_text",
    models="gpt-oss behind a server that drops its markers",
    text=tuple(Marker(text, to="thinking", where="first") for text in _OPENINGS),
    thinking=tuple(Marker(text, to="text") for text in _CLOSINGS),
    field=tuple(Marker(text, to="field", where="first") for text in _OPENINGS),
)
