"""Bytes to the JSON value they hold, or InvalidJson. Pure.

Stricter than the standard library, which takes UTF-16, NaN, numbers that overflow, two values for
one key, half surrogate pairs, and nesting until it falls over (RFC 8259; RFC 7493, I-JSON).
"""

import json
import math
from collections.abc import Iterator
from typing import Any

from mlx_relay.errors import InvalidJson

MAX_DEPTH = 64


def load(data: bytes) -> Any:
    """Return the value in *data*; raises InvalidJson, whose message never quotes the data."""
    try:
        text = data.decode("utf-8")
        value = _DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        # InvalidJson raised in a hook is no ValueError and passes.
        raise InvalidJson(_describe(error)) from None
    if _may_be_deep(text) or "\\u" in text:
        _check(value)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise InvalidJson("The request body has an object with the same key twice.")
    return values


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise InvalidJson("The request body has a number that is too large.")
    return number


def _refuse_constant(name: str) -> None:
    raise InvalidJson(f"The request body has {name}, which is not JSON.")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse_constant
)


def _describe(error: Exception) -> str:
    match error:
        case json.JSONDecodeError():
            place = f"line {error.lineno}, column {error.colno}"
            return f"The request body is not valid JSON: {place}."
        case UnicodeDecodeError():
            return "The request body is not UTF-8."
        case RecursionError():
            return f"The request body is nested deeper than {MAX_DEPTH} levels."
        case _:
            return InvalidJson.sentence


def _may_be_deep(text: str) -> bool:
    """Spare the usual body, an image in one long string, a walk through all its values."""
    return text.count("[") + text.count("{") > MAX_DEPTH


def _check(value: Any) -> None:
    level: list[Any] = [[value]]
    for _ in range(MAX_DEPTH + 1):
        level = list(_containers_in(level))
        if not level:
            return
    raise InvalidJson(f"The request body is nested deeper than {MAX_DEPTH} levels.")


def _containers_in(level: list[Any]) -> Iterator[Any]:
    for container in level:
        is_object = isinstance(container, dict)
        for value in (*container, *container.values()) if is_object else container:
            if isinstance(value, dict | list):
                yield value
            elif isinstance(value, str) and not value.isascii():
                _check_surrogates(value)


def _check_surrogates(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise InvalidJson("The request body has half of a surrogate pair.") from None
