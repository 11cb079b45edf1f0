"""GLM and those who write calls as it does: a name, then keys and values in elements.

The values are typed by the request's tools. GLM-4.5 and 4.6 write the opening tag of thinking
themselves, the template of later models does; a call ends thinking.
"""

from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE
from mlx_relay.pipeline.markers import Capture, Family, Marker, begins_like

GLM_CALL: Final = Capture(
    read=TaggedCall(
        r"\s*(?P<name>[^\s<>{}\[\]]+)",
        r"<arg_key>(?P<key>.*?)</arg_key>\s*<arg_value>(?P<value>.*?)</arg_value>",
    ),
    closing=("</tool_call>",),
    stops=("<tool_call>",),
    head=begins_like(r"\s*[^\s<>{}\[\]]+\s*<", r"\s*+(?:[<>{}\[\]]|[^\s<>{}\[\]]++\s*+[^\s<])"),
)


def _with_calls(base: Family, name: str, models: str) -> Family:
    calls = (Marker("<tool_call>", to=GLM_CALL, where="outside_code"),)
    return msgspec.structs.replace(base, name=name, models=models, calls=calls)


_LING3: Final = _with_calls(THINK_INSIDE, "ling3", "Ling-3.0, Ring")
_ROLE_END: Final = "<|role_end|>"

GLM: Final = (
    _with_calls(THINK, "glm45", "GLM-4.5, GLM-4.6, GLM-Z1"),
    _with_calls(THINK_INSIDE, "glm47", "GLM-4.7, GLM-4.7-Flash, GLM-5"),
    msgspec.structs.replace(
        _LING3,
        text=(*_LING3.text, Marker(_ROLE_END, to="text")),
        thinking=(*_LING3.thinking, Marker(_ROLE_END, to="thinking")),
    ),
    _with_calls(THINK_INSIDE, "spark25", "iFlytek Spark 2.5"),
    _with_calls(THINK, "poolside_v1", "Laguna-XS, Laguna-S"),
    _with_calls(THINK, "iquest_q1", "IQuest"),
)
