"""Calls written as elements with names and untyped values in; names and typed arguments out."""

import re
from collections.abc import Callable

from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import Body, Call, Reading


class ElementCalls:
    """Reads ``<function=NAME> <parameter=KEY>VALUE</parameter> ... </function>``, and its like.

    *call* is a regular expression for a whole call with the groups ``name`` and ``body``,
    *parameter* for one in such a body, with ``key`` and ``value``. Nothing but white space may
    stand between them. *clean* takes from a value what is not part of it. Raises Unreadable when
    called with anything else.
    """

    def __init__(
        self, call: str, parameter: str, *, clean: Callable[[str], str] = lambda value: value
    ) -> None:
        self._call = re.compile(call, re.DOTALL)
        self._parameter = re.compile(parameter, re.DOTALL)
        self._clean = clean

    def __call__(self, body: Body) -> Reading:
        found = matches(self._call, body.text)
        return [self._read(call, body) for call in found]

    def _read(self, call: re.Match[str], body: Body) -> Call:
        name = call["name"].strip()
        if not name:
            raise Unreadable("no name")
        parameters = matches(self._parameter, call["body"])
        pairs = [(found["key"].strip(), self._clean(found["value"])) for found in parameters]
        return Call(name, body.tools.typed(name, pairs))


def matches(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    """Return the matches of *pattern* that make up *text*; raises Unreadable if they do not."""
    found = []
    end = 0
    for match in pattern.finditer(text):
        if text[end : match.start()].strip():
            break
        found.append(match)
        end = match.end()
    if text[end:].strip():
        raise Unreadable("text between the elements")
    return found


def without_wrapping_newlines(value: str) -> str:
    """Return *value* without the line end that stands at each side of it."""
    return value.removeprefix("\n").removesuffix("\n")
