"""Cohere: Command A's markers for thinking, answer and actions; Command R+'s fenced actions.

The template opens thinking, or the answer's own marker shows at once that there is none. The
markers around the answer and around what it cites are dropped.
"""

import re
from typing import Final

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, Turn, first_is

_SOURCES = re.compile(r"[\s\d:,\[\]]*\Z")

_read_actions: Final = JsonCalls(
    names=("tool_name", "name"), arguments=("parameters", "arguments"), ids=("tool_call_id",)
)


def read_sources(body: Body) -> Reading:
    """Tell whether this is what stands in the closing tag of a citation."""
    return Turn("text") if body.closing and _SOURCES.match(body.text) else None


_CITATION_END: Final = Capture(read=read_sources, closing=(">",), limit=256)
_OPENING: Final = "<|START_THINKING|>"
_ANSWER: Final = ("<|START_RESPONSE|>", "<|START_TEXT|>")

COHERE: Final = Family(
    name="cohere",
    models="Command A Reasoning, Command A+, Command R7B",
    starts_in_thinking=True,
    text=(
        Marker(_OPENING, to="thinking", where="outside_code"),
        *(
            Marker(text, to="text")
            for text in (*_ANSWER, "<|END_RESPONSE|>", "<|END_TEXT|>", "<|END_THINKING|>")
        ),
        Marker("<co>", to="text", where="outside_code"),
        Marker("</co:", to=_CITATION_END, where="outside_code"),
    ),
    thinking=(
        *(Marker(text, to="text") for text in ("<|END_THINKING|>", *_ANSWER)),
        Marker(_OPENING, to="thinking", where="leading"),
    ),
    field=(Marker(_OPENING, to="field", where="first"),),
    calls=(
        Marker(
            "<|START_ACTION|>",
            to=Capture(
                read=_read_actions,
                closing=("<|END_ACTION|>",),
                tracker=json_text,
                ends_with_stream=True,
            ),
            where="outside_code",
        ),
    ),
)

COMMAND_R_PLUS: Final = Family(
    name="command_r_plus",
    models="Command R+",
    calls=(
        Marker(
            "Action:\n```json\n",
            to=Capture(read=_read_actions, closing=("```",), head=first_is("["), tracker=json_text),
            where="outside_code",
        ),
    ),
)
