"""One call, written as a header with its name and parameters in a row, in; the call out."""

import html
import re
from typing import Any

from mlx_relay.pipeline.bodies.schemas import Tools, to_json
from mlx_relay.pipeline.loose_json import Unreadable, parse_json
from mlx_relay.pipeline.markers import Body, Call


class TaggedCall:
    """Reads the text of one call: *header*, then any number of *parameter* and nothing else.

    *header* is a regular expression with the group ``name``; *parameter* one with ``key``,
    ``value`` and, where the model may say what the value is, ``kind``: ``string`` or ``true`` is
    text, anything else JSON. What has no kind is typed by the request's tools. *has_entities*
    says that names are written with ``&quot;`` and its like. Raises Unreadable when called with
    anything else.
    """

    def __init__(self, header: str, parameter: str, *, has_entities: bool = False) -> None:
        self._header = re.compile(header, re.DOTALL)
        self._parameter = re.compile(rf"\s*{parameter}", re.DOTALL)
        self._has_kind = "kind" in self._parameter.groupindex
        self._plain = html.unescape if has_entities else str.strip

    def __call__(self, body: Body) -> list[Call]:
        name, values = self.values(body.text, body.tools)
        return [Call(name, to_json(values))]

    def values(self, text: str, tools: Tools) -> tuple[str, dict[str, Any]]:
        """Return the name of the call in *text* and its arguments."""
        header = self._header.match(text)
        name = self._plain(header["name"]) if header else ""
        if header is None or not name:
            raise Unreadable("no name")
        values = {}
        for found in in_a_row(self._parameter, text, header.end()):
            kind = found["kind"] if self._has_kind else None
            key = self._plain(found["key"])
            values[key] = (
                tools.typed_value(name, key, found["value"])
                if kind is None
                else _value_of(kind, found["value"])
            )
        return name, values


def in_a_row(pattern: re.Pattern[str], text: str, position: int) -> list[re.Match[str]]:
    """Return the matches that make up *text* from *position*; Unreadable if they do not.

    Looks at each place once: a search would go through the rest again for every unclosed element.
    """
    found = []
    while match := pattern.match(text, position):
        found.append(match)
        position = match.end()
    if text[position:].strip():
        raise Unreadable("text between the elements")
    return found


def _value_of(kind: str, text: str) -> Any:
    """Return what the model says *text* is; a string where it is no JSON."""
    if kind.strip() in ("string", "true"):
        return text
    try:
        return parse_json(text)
    except ValueError:
        return text
