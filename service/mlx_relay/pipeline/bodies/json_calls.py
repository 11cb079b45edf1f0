"""Calls written as JSON objects in; names and arguments out, the arguments in the model's words."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from mlx_relay.pipeline.bodies.schemas import to_json
from mlx_relay.pipeline.loose_json import Unreadable, parse_json
from mlx_relay.pipeline.markers import Body, Call, Reading

_objects = msgspec.json.Decoder(list[dict[str, msgspec.Raw]])
_object = msgspec.json.Decoder(dict[str, Any])


class JsonCalls:
    """Reads ``{"name": ..., "arguments": {...}}``, or a list of such objects.

    *names*, *arguments* and *ids* are the keys that may hold each; the first that is there counts.
    Raises Unreadable when called with anything else.
    """

    def __init__(
        self,
        *,
        names: Sequence[str] = ("name",),
        arguments: Sequence[str] = ("arguments", "parameters"),
        ids: Sequence[str] = ("id",),
    ) -> None:
        self._names = names
        self._arguments = arguments
        self._ids = ids

    def __call__(self, body: Body) -> Reading:
        text = body.text.strip()
        entries = raw_objects(text if text.startswith("[") else f"[{text}]")
        return [self._call(entry) for entry in entries]

    def _call(self, entry: Mapping[str, str]) -> Call:
        name = _string(entry, self._names)
        if not name:
            raise Unreadable("no name")
        arguments = next((entry[key] for key in self._arguments if key in entry), "")
        return Call(name, object_text(arguments), _string(entry, self._ids))


def raw_objects(text: str) -> list[dict[str, str]]:
    """Return the objects of the JSON list *text*, each value as the text it is."""
    try:
        objects = _objects.decode(text)
    except (ValueError, RecursionError):
        return _rewritten(text)
    return [{key: bytes(raw).decode() for key, raw in entry.items()} for entry in objects]


def _rewritten(text: str) -> list[dict[str, str]]:
    """Return the same where the strict decoder refuses, for a lone surrogate say."""
    entries = parse_json(text)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Unreadable("no objects")
    return [{key: to_json(value) for key, value in entry.items()} for entry in entries]


def object_text(text: str) -> str:
    """Return *text* if it is that of a JSON object; a string that holds one is unwrapped.

    Nothing and null are no arguments; raises Unreadable for anything else.
    """
    text = text.strip()
    if text in ("", "null"):
        return "{}"
    if text.startswith('"'):
        inner = parse_json(text)
        text = inner.strip() if isinstance(inner, str) and inner.strip() else "{}"
    try:
        _object.decode(text)
    except (ValueError, RecursionError):
        value = parse_json(text)
        if not isinstance(value, dict):
            raise Unreadable("no object") from None
        return to_json(value)
    return text


def _string(entry: Mapping[str, str], keys: Sequence[str]) -> str:
    value = next((parse_json(entry[key]) for key in keys if key in entry), "")
    return value if isinstance(value, str) else ""
