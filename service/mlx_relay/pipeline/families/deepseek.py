"""DeepSeek from R1-0528 to V4: the tags of ``think``, and four ways to write calls.

R1-0528 and V3-0324 write JSON in a code fence, V3.1 bare JSON; V3.2 and V4 write elements (DSML)
whose values say whether they are strings.
"""

import re
from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.json_calls import object_text
from mlx_relay.pipeline.bodies.schemas import to_json
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE, without_space_at_the_end
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Capture, Family, Marker, Reading

_BAR: Final = "\N{FULLWIDTH VERTICAL LINE}"


def _mark(name: str) -> str:
    return f"<{_BAR}{name}{_BAR}>"


_FENCED = re.compile(
    rf"\s*function\s*{_mark('tool▁sep')}(?P<name>[^\n]+)\n\s*```(?:json)?(?P<json>.*)```\s*\Z",
    re.DOTALL,
)
_BARE = re.compile(rf"(?P<name>[^<]+){_mark('tool▁sep')}(?P<json>.*)", re.DOTALL)
_WRAPPERS: Final = ("arguments", "input")

_DSML: Final = _mark("DSML").removesuffix(">")
_END_DSML: Final = _DSML.replace("<", "</")
_read_invoke: Final = TaggedCall(
    r'\s*name\s*=\s*"(?P<name>[^"]+)"\s*>',
    rf'{_DSML}\s?parameter\s+name\s*=\s*"(?P<key>[^"]+)"(?:\s+string\s*=\s*"(?P<kind>\w+)")?\s*>'
    rf"(?P<value>.*?){_END_DSML}\s?parameter\s*>",
)


def read_fenced_call(body: Body) -> Reading:
    """Read ``function``, the separator, the name and JSON in a fence; else Unreadable."""
    return _read_json_call(_FENCED, body)


def read_bare_call(body: Body) -> Reading:
    """Read the name, the separator and JSON; raises Unreadable for anything else."""
    return _read_json_call(_BARE, body)


def _read_json_call(pattern: re.Pattern[str], body: Body) -> Reading:
    found = pattern.match(body.text)
    name = found["name"].strip() if found else ""
    if found is None or not name:
        raise Unreadable("no name")
    return [Call(name, object_text(found["json"]))]


def read_invoke(body: Body) -> Reading:
    """Read an element; an object in one called ``arguments`` or ``input`` is all the arguments."""
    name, values = _read_invoke.values(body.text, body.tools)
    if len(values) == 1:
        [(key, value)] = values.items()
        if key in _WRAPPERS and isinstance(value, dict):
            values = value
    return [Call(name, to_json(values))]


def _with_json_calls(name: str, models: str, capture: Capture) -> Family:
    return msgspec.structs.replace(
        THINK,
        name=name,
        models=models,
        calls=(Marker(_mark("tool▁calls▁begin"), to="section", where="outside_code"),),
        section=(
            Marker(_mark("tool▁call▁begin"), to=capture, then="section"),
            Marker(_mark("tool▁calls▁end"), to="text"),
        ),
        calls_in_thinking="are_ignored",
    )


_FENCED_CALL: Final = Capture(
    read=read_fenced_call,
    closing=(_mark("tool▁call▁end"),),
    stops=(_mark("tool▁call▁begin"), _mark("tool▁calls▁end")),
)

DEEPSEEK_V3: Final = _with_json_calls(
    "deepseek_v3", "DeepSeek-R1-0528, V3-0324; V3.1 and later without calls", _FENCED_CALL
)
DEEPSEEK_V31: Final = _with_json_calls(
    "deepseek_v31",
    "DeepSeek-V3.1, V3.1-Terminus",
    msgspec.structs.replace(_FENCED_CALL, read=read_bare_call),
)


def _with_elements(family: Family, wrappers: tuple[str, ...], *, drops_blank: bool) -> Family:
    """Return *family* with calls in any of *wrappers*."""
    ends = tuple(f"{_END_DSML}{wrapper}>" for wrapper in wrappers)
    openings = (
        Marker(f"{_DSML}{wrapper}>", to="section", where="outside_code", drops_blank=drops_blank)
        for wrapper in wrappers
    )
    invocations = (
        Marker(
            f"{_DSML}{invoke}",
            to=Capture(read=read_invoke, closing=(f"{_END_DSML}{invoke}>",), stops=ends),
            then="section",
        )
        for invoke in ("invoke", " invoke")
    )
    return msgspec.structs.replace(
        family,
        calls=tuple(openings),
        section=(*invocations, *(Marker(end, to="text") for end in ends)),
    )


_END_OF_SENTENCE: Final = _mark("end▁of▁sentence")
_V4: Final = without_space_at_the_end(THINK_INSIDE)

DEEPSEEK_V32: Final = msgspec.structs.replace(
    _with_elements(THINK, ("function_calls",), drops_blank=False),
    name="deepseek_v32",
    models="DeepSeek-V3.2 (thinking by request)",
)
DEEPSEEK_V4: Final = msgspec.structs.replace(
    _with_elements(_V4, ("tool_calls", "toolcalls", "tool", " calls"), drops_blank=True),
    name="deepseek_v4",
    models="DeepSeek-V4, V4-Flash, V4.1",
    white_space="white space at the end of thinking, and a blank answer before a call, are dropped",
    text=(
        *_V4.text,
        Marker("</think>", to="text", where="outside_code"),
        Marker(_END_OF_SENTENCE, to="text"),
    ),
    thinking=(
        *(marker for marker in _V4.thinking if marker.to == "text"),
        Marker("<think>", to="thinking"),
        Marker(_END_OF_SENTENCE, to="thinking"),
    ),
)

DEEPSEEK: Final = (DEEPSEEK_V3, DEEPSEEK_V31, DEEPSEEK_V32, DEEPSEEK_V4)
