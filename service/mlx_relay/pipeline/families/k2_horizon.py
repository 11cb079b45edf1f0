"""K2 Horizon: a pair of thinking markers for each effort, calls with keys and values, or JSON."""

from typing import Final

from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading

_read_json = JsonCalls()
_read_pairs = TaggedCall(
    r"\s*(?P<name>[^\s<>{]+)",
    r"<ifm\|arg_key>(?P<key>.*?)</ifm\|arg_key>\s*"
    r"(?:<ifm\|arg_type>(?P<kind>.*?)</ifm\|arg_type>\s*)?"
    r"<ifm\|arg_value>(?P<value>.*?)</ifm\|arg_value>",
)


def read_call(body: Body) -> Reading:
    """Read a name with keys and values, or a JSON object; raises Unreadable for anything else."""
    return _read_json(body) if body.text.lstrip().startswith("{") else _read_pairs(body)


_EFFORTS: Final = ("think", "think_fast", "think_faster")
_OPENINGS: Final = tuple(f"<ifm|{effort}>" for effort in _EFFORTS)

K2_HORIZON: Final = Family(
    name="k2_horizon",
    models="K2 Horizon",
    starts_in_thinking=True,
    text=tuple(Marker(text, to="thinking", where="outside_code") for text in _OPENINGS),
    thinking=(
        *(Marker(f"</ifm|{effort}>", to="text") for effort in _EFFORTS),
        *(Marker(text, to="thinking", where="leading") for text in _OPENINGS),
    ),
    field=tuple(Marker(text, to="field", where="first") for text in _OPENINGS),
    calls=(Marker("<ifm|tool_calls>", to="section", where="outside_code"),),
    section=(
        Marker(
            "<ifm|tool_call>",
            to=Capture(
                read=read_call,
                closing=("</ifm|tool_call>",),
                stops=("<ifm|tool_call>", "</ifm|tool_calls>"),
            ),
            then="section",
        ),
        Marker("</ifm|tool_calls>", to="text"),
    ),
)
