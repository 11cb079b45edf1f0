"""The text of a message in; the value it holds out, whatever a hostile upstream wrote."""

import json
import re
from typing import Any

import msgspec

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_decoder = msgspec.json.Decoder()


class Unreadable(ValueError):
    """A text is not what it should be. The pipeline catches this: no input may raise out of it."""


def decode_json(text: str) -> Any:
    """Return the value in *text*, or None where that is no JSON."""
    try:
        return parse_json(text)
    except ValueError:
        return None


def parse_json(text: str) -> Any:
    """Return the value in *text*; raises ValueError where that is no JSON.

    What msgspec refuses (a lone surrogate, NaN) gets a second try with the standard library; lone
    surrogates become U+FFFD, because no sink could encode them.
    """
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _without_surrogates(json.loads(text))
    except RecursionError:
        raise Unreadable("too deep") from None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
