"""The text of a message in; the value it holds out, whatever a hostile upstream wrote."""

import json
import re
from typing import Any

import msgspec

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
_decoder = msgspec.json.Decoder()


def decode_json(text: str) -> Any:
    """Return the value in *text*, or None where that is no JSON.

    What msgspec refuses (a lone surrogate, NaN) gets a second try with the standard library; lone
    surrogates become U+FFFD, because no sink could encode them.
    """
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        pass
    try:
        return _without_surrogates(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _without_surrogates(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    return value
