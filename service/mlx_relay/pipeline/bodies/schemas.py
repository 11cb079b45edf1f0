"""Argument values as text and the request's ``tools`` in; typed values, as JSON text, out."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from mlx_relay.pipeline.loose_json import Unreadable, parse_json

Schema: TypeAlias = Mapping[str, Any]

_INTEGER = re.compile(r"[+-]?\d+\Z", re.ASCII)
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?\Z", re.ASCII)
_BOOLEANS: Final = {"true": True, "false": False}
_MAX_REFERENCES: Final = 8
_MAX_DIGITS: Final = 4000


class Tools:
    """The parameters that the functions of a request declare."""

    def __init__(self, tools: Sequence[Mapping[str, Any]] | None = None) -> None:
        self._schemas: dict[str, Schema] = {}
        for tool in tools or ():
            function = _object(tool, "function") or tool
            name = function.get("name")
            if isinstance(name, str):
                self._schemas[name] = _object(function, "parameters")

    @property
    def names(self) -> frozenset[str]:
        """The names of the functions."""
        return frozenset(self._schemas)

    def typed(self, function: str, pairs: Iterable[tuple[str, str]]) -> str:
        """Return the JSON object of *pairs* of names and texts; of a repeated name the last wins.

        A text becomes what the schema declares; without a schema, JSON where it is JSON.
        """
        schema = self._schemas.get(function, {})
        return to_json({name: _typed(text, schema, name) for name, text in pairs})

    def typed_value(self, function: str, name: str, text: str) -> Any:
        """Return the value that *text* is for the argument *name* of *function*."""
        return _typed(text, self.schema(function), name)

    def schema(self, function: str) -> Schema:
        """Return the schema of the arguments of *function*; empty if there is none."""
        return self._schemas.get(function, {})


def typed_in(schema: Schema, name: str, text: str) -> Any:
    """Return the value that *text* is for the property *name* of an object of *schema*."""
    return _typed(text, schema, name)


def to_json(value: object) -> str:
    """Return *value* as JSON text; raises Unreadable where it has none."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False)
    except RecursionError:
        raise Unreadable("too deep") from None


def _typed(text: str, schema: Schema, name: str) -> Any:
    parameter = _object(schema, "properties").get(name)
    kinds = _kinds(parameter, schema, _MAX_REFERENCES) if isinstance(parameter, dict) else set()
    if not kinds:
        return _free(text)
    for kind, reader in _READERS.items():
        if kind in kinds:
            try:
                return reader(text.strip())
            except ValueError:
                pass
    return text


def _free(text: str) -> Any:
    """Return what *text* is where nothing is declared: JSON if it is, else a string."""
    try:
        return _finite(text)
    except ValueError:
        return text


def _kinds(parameter: Schema, root: Schema, depth: int) -> set[str]:
    """Return the names of the types that *parameter* may have; none if it does not say."""
    if depth == 0:
        return set()
    kinds: set[str] = set()
    declared = parameter.get("type")
    for kind in declared if isinstance(declared, list) else [declared]:
        if isinstance(kind, str):
            kinds.add(_OTHER_NAMES.get(kind.lower(), kind.lower()))
    if parameter.get("nullable") is True:
        kinds.add("null")
    if not kinds:
        values = parameter.get("enum")
        kinds = {_kind_of(value) for value in values} if isinstance(values, list) else set()
    for part in [*_parts(parameter), _referred(parameter, root)]:
        kinds |= _kinds(part, root, depth - 1)
    return kinds


def _parts(parameter: Schema) -> list[Schema]:
    lists = (parameter.get(key) for key in ("anyOf", "oneOf", "allOf"))
    parts = [part for parts in lists if isinstance(parts, list) for part in parts]
    return [part for part in parts if isinstance(part, dict)]


def _referred(parameter: Schema, root: Schema) -> Schema:
    reference = parameter.get("$ref")
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return {}
    found: Schema = root
    for key in reference.removeprefix("#/").split("/"):
        found = _object(found, key)
    return found


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "boolean"
    kinds = {type(None): "null", int: "integer", float: "number", list: "array", dict: "object"}
    return kinds.get(type(value), "string")


def _object(parent: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _null(text: str) -> None:
    if text not in ("null", "None"):
        raise Unreadable(text)


def _boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise Unreadable(text)
    return _BOOLEANS[text.lower()]


def _integer(text: str) -> int:
    if not _INTEGER.match(text) or len(text) > _MAX_DIGITS:
        raise Unreadable(text)
    return int(text)


def _number(text: str) -> int | float:
    if not _NUMBER.match(text) or len(text) > _MAX_DIGITS:
        raise Unreadable(text)
    number = int(text) if _INTEGER.match(text) else float(text)
    to_json(number)
    return number


def _finite(text: str) -> Any:
    value = parse_json(text)
    to_json(value)
    return value


def _array(text: str) -> list[Any]:
    value = _finite(text)
    if not isinstance(value, list):
        raise Unreadable(text)
    return value


def _dictionary(text: str) -> dict[str, Any]:
    value = _finite(text)
    if not isinstance(value, dict):
        raise Unreadable(text)
    return value


_OTHER_NAMES: Final = {
    "int": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "dict": "object",
    "list": "array",
    "str": "string",
}
_READERS: Final = {
    "null": _null,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "object": _dictionary,
    "array": _array,
}
"""In the order they are tried; a string is what nothing else is."""
