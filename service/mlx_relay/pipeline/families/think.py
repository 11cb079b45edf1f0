"""The ``<think>`` family: the marker pair that most reasoning models use.

Models write the tag themselves, or their template opens the block (``starts_in_thinking``) and the
opening tag comes never, or nevertheless, or twice: at the start of a block it is dropped. A server
that split the reasoning off may have left it in the field: there it is dropped as the very first
thing. A tag in Markdown code of the answer is quoted, not meant. A closing tag in the answer stays
text.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.markers import WHITE_SPACE, Family, Marker

THINK: Final = Family(
    name="think",
    models="any that writes the opening tag",
    text=(Marker("<think>", to="thinking", where="outside_code"),),
    thinking=(
        Marker("</think>", to="text"),
        Marker("<think>", to="thinking", where="leading"),
    ),
    field=(Marker("<think>", to="field", where="first"),),
)

THINK_INSIDE: Final = msgspec.structs.replace(THINK, starts_in_thinking=True)


def without_space_at_the_end(family: Family, characters: str = WHITE_SPACE) -> Family:
    """Return *family* with the *characters* before the marker that ends thinking dropped."""
    thinking = tuple(
        msgspec.structs.replace(marker, before=characters) if marker.to == "text" else marker
        for marker in family.thinking
    )
    dropped = "line ends" if characters == "\n" else "white space"
    return msgspec.structs.replace(
        family, thinking=thinking, white_space=f"{dropped} at the end of thinking dropped"
    )
