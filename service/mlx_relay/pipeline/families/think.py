"""The ``<think>`` family: the marker pair that most reasoning models use.

Models write the tag themselves, or their template opens the block (``THINK_INSIDE``) and the
opening tag comes never, or nevertheless, or twice: at the start of a block it is dropped. A server
that split the reasoning off may have left it in the field: there it is dropped as the very first
thing. A tag in Markdown code of the answer is quoted, not meant. A closing tag in the answer stays
text.
"""

import msgspec

from mlx_relay.pipeline.scanner import Family, Marker

THINK = Family(
    text=(Marker("<think>", to="thinking", where="outside_code"),),
    thinking=(
        Marker("</think>", to="text"),
        Marker("<think>", to="thinking", where="leading"),
    ),
    field=(Marker("<think>", to="field", where="first"),),
)

THINK_INSIDE = msgspec.structs.replace(THINK, starts_in_thinking=True)
