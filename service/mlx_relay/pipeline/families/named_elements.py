"""Calls as elements: dots, MiniCPM 5, MiMo, Step 3, FunctionGemma; the schema types the values."""

import re
from typing import Final

import msgspec

from mlx_relay.pipeline.bodies.elements import ElementCalls
from mlx_relay.pipeline.bodies.json_calls import JsonCalls
from mlx_relay.pipeline.bodies.tagged import TaggedCall
from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE
from mlx_relay.pipeline.markers import Body, Capture, Family, Marker, Reading, begins_like, first_is

_CDATA = re.compile(r"\s*<!\[CDATA\[(?P<text>.*)\]\]>\s*", re.DOTALL)
_BAR: Final = "\N{FULLWIDTH VERTICAL LINE}"
_read_json = JsonCalls()
_read_invocations = ElementCalls(
    r'<invoke name="(?P<name>[^"<>]+)">(?P<body>.*?)</invoke>',
    r'<parameter name="(?P<key>[^"<>]+)">(?P<value>.*?)</parameter>',
)


def read_dots_calls(body: Body) -> Reading:
    """Read elements or JSON; raises Unreadable for anything else."""
    is_json = body.text.lstrip().startswith(("{", "["))
    return _read_json(body) if is_json else _read_invocations(body)


def read_param_call(body: Body) -> Reading:
    """Read the inside of one ``<function name=``; raises Unreadable for anything else."""
    return _read_params(body)


def without_cdata(value: str) -> str:
    """Return the text that *value* holds in CDATA, or *value*."""
    found = _CDATA.fullmatch(value)
    return found["text"] if found else value


def _mark(name: str) -> str:
    return f"<{_BAR}{name}{_BAR}>"


_read_params = ElementCalls(
    r'<function name="(?P<name>[^"<>]+)">(?P<body>.*)\Z',
    r'<param name="(?P<key>[^"<>]+)">(?P<value>\s*<!\[CDATA\[.*?\]\]>\s*|.*?)</param>',
    clean=without_cdata,
)
_read_verbatim = ElementCalls(
    r"<function=(?P<name>[^<>]+)>(?P<body>.*?)</function>",
    r"<parameter=(?P<key>[^<>]+)>(?P<value>.*?)</parameter>",
)
_STEP_CALL: Final = Capture(
    read=TaggedCall(
        rf'\s*function\s*{_mark("tool_sep")}\s*<steptml:invoke name="(?P<name>[^"<>]+)">',
        r'<steptml:parameter name="(?P<key>[^"<>]+)">(?P<value>.*?)</steptml:parameter>',
    ),
    closing=("</steptml:invoke>",),
    stops=tuple(map(_mark, ("tool_call_begin", "tool_call_end", "tool_calls_end"))),
)
_GEMMA_CALL: Final = Capture(
    read=TaggedCall(
        r"\s*call:(?P<name>[^\s{}<>]+)\{",
        r"(?P<key>[^\s:{}<>,]+):<escape>(?P<value>.*?)<escape>\s*,?",
    ),
    closing=("}<end_function_call>",),
    stops=("<start_function_call>",),
    head=begins_like(r"\s*call:", r"\s*+(?:[^\sc]|c[^a]|ca[^l]|cal[^l]|call[^:])"),
)

NAMED_ELEMENTS: Final = (
    msgspec.structs.replace(
        THINK,
        name="dots",
        models="dots",
        calls=(
            Marker(
                "<dots_function_call>",
                to=Capture(
                    read=read_dots_calls,
                    closing=("</dots_function_call>",),
                    stops=("<dots_function_call>",),
                    head=first_is("<{["),
                ),
                where="outside_code",
            ),
        ),
    ),
    msgspec.structs.replace(
        THINK_INSIDE,
        name="minicpm5",
        models="MiniCPM5",
        calls=(
            Marker(
                '<function name="',
                to=Capture(
                    read=read_param_call, closing=("</function>",), stops=('<function name="',)
                ),
                where="outside_code",
                keeps=True,
            ),
        ),
    ),
    msgspec.structs.replace(
        THINK,
        name="mimo",
        models="MiMo-V2",
        calls=(
            Marker(
                "<tool_call>",
                to=Capture(
                    read=_read_verbatim,
                    closing=("</tool_call>",),
                    stops=("<tool_call>",),
                    head=first_is("<"),
                ),
                where="outside_code",
            ),
        ),
    ),
    msgspec.structs.replace(
        THINK_INSIDE,
        name="step3",
        models="Step3",
        calls=(Marker(_mark("tool_calls_begin"), to="section", where="outside_code"),),
        section=(
            Marker(_mark("tool_call_begin"), to=_STEP_CALL, then="section"),
            Marker(_mark("tool_call_end"), to="section"),
            Marker(_mark("tool_calls_end"), to="text"),
        ),
        calls_in_thinking="are_ignored",
    ),
    Family(
        name="functiongemma",
        models="FunctionGemma",
        calls=(Marker("<start_function_call>", to=_GEMMA_CALL, where="outside_code"),),
    ),
)
