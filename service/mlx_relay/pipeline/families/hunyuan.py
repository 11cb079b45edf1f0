"""Hunyuan: A13B wraps its answer too; 3 and 4 may write a suffix in every tag.

The line ends beside the tags of A13B belong to them. The suffix is one of those that checkpoints
are known to have: a tag with any other is text.
"""

from typing import Final

from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.families.wrapped_json import BETWEEN_TOOL_CALLS
from mlx_relay.pipeline.markers import Capture, Family, Marker

_SUFFIXES: Final = ("", ":opensource", ":6124c78e")
_ANY_SUFFIX: Final = r"(?::\w+)?"


def _tags(name: str) -> tuple[str, ...]:
    return tuple(f"<{name}{suffix}>" for suffix in _SUFFIXES)


_CALL: Final = Capture(
    read=TaggedCall(
        rf"\s*(?P<name>[^\s<>]+)\s*(?:<tool_sep{_ANY_SUFFIX}>)?",
        rf"<arg_key{_ANY_SUFFIX}>(?P<key>.*?)</arg_key{_ANY_SUFFIX}>\s*"
        rf"<arg_value{_ANY_SUFFIX}>(?P<value>.*?)</arg_value{_ANY_SUFFIX}>",
    ),
    closing=_tags("/tool_call"),
    stops=(*_tags("tool_call"), *_tags("/tool_calls")),
)

HUNYUAN: Final = (
    Family(
        name="hunyuan_a13b",
        models="Hunyuan-A13B-Instruct",
        white_space="one line end beside each tag of thinking and answer belongs to the tag",
        text=(
            *(Marker(tag, to="thinking", where="outside_code") for tag in ("<think>\n", "<think>")),
            *(
                Marker(tag, to="text", where="leading")
                for tag in ("\n<answer>\n", "\n<answer>", "<answer>\n", "<answer>")
            ),
            *(Marker(tag, to="text", where="outside_code") for tag in ("\n</answer>", "</answer>")),
        ),
        thinking=tuple(Marker(tag, to="text") for tag in ("\n</think>", "</think>")),
        field=(Marker("<think>", to="field", where="first"),),
        calls=(BETWEEN_TOOL_CALLS,),
    ),
    Family(
        name="hunyuan_v3",
        models="Hunyuan 3 (Hy3), Hy4",
        text=tuple(Marker(tag, to="thinking", where="outside_code") for tag in _tags("think")),
        thinking=(
            *(Marker(tag, to="text") for tag in _tags("/think")),
            *(Marker(tag, to="thinking", where="leading") for tag in _tags("think")),
        ),
        field=tuple(Marker(tag, to="field", where="first") for tag in _tags("think")),
        calls=tuple(Marker(tag, to="section", where="outside_code") for tag in _tags("tool_calls")),
        section=(
            *(Marker(tag, to=_CALL, then="section") for tag in _tags("tool_call")),
            *(Marker(tag, to="text") for tag in _tags("/tool_calls")),
        ),
    ),
)
