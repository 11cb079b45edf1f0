"""The records of a cassette in; the lines and kinds of what has the shape of a key out.

Also what a stream said piece by piece is looked at as one text: a key may come in many tokens.
What looks like a key is named by its kind, never shown.
"""

import json
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, Final, TypeAlias

from fake_mlx.cassette import Record
from fake_mlx.exchange import Cassette

Found: TypeAlias = tuple[int, str]

KINDS: Final[dict[str, re.Pattern[str]]] = {
    "an API key (sk-...)": re.compile(r"(?<![A-Za-z0-9])sk-[\w-]{12,}"),
    "a relay's API key (mlxr_...)": re.compile(r"(?<![A-Za-z0-9])mlxr_[\w-]{12,}"),
    "a Hugging Face token (hf_...)": re.compile(r"(?<![A-Za-z0-9])hf_[A-Za-z0-9]{12,}"),
    "an AWS access key (AKIA...)": re.compile(r"(?<![A-Za-z0-9])A(?:KI|SI)A[A-Z0-9]{16}"),
    "a bearer token": re.compile(
        # A short word after it may be prose: "Bearer authentication".
        r"(?i:\bbearer)\s+(?:(?=[\w.~+/-]*\d)[\w.~+/-]{12,}|[\w.~+/-]{24,})"
    ),
    "a JSON web token": re.compile(r"(?<![A-Za-z0-9])eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+"),
    "a private key": re.compile(r"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY-----"),
}

_LINES_BEFORE_CHUNKS: Final = 2
_MESSAGE: Final = re.compile(rb"^data: ?(\{.*)$", re.MULTILINE)


def find_keys(records: Sequence[Record], cassette: Cassette) -> list[Found]:
    """Return the line and the kind of everything key-shaped in *records*, those of *cassette*."""
    found = {
        (number, kind)
        for number, record in enumerate(records, 1)
        for _, text in _texts(record)
        for kind, _ in _key_shaped(text)
    }
    return sorted(found | set(_streamed(cassette)))


def _key_shaped(text: str) -> Iterator[tuple[str, int]]:
    """Yield the kind of each key in *text*, and where it begins."""
    for kind, pattern in KINDS.items():
        for match in pattern.finditer(text):
            yield kind, match.start()


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text in the JSON *value* with the path to it."""
    match value:
        case str():
            yield path, value
        case list():
            for item in value:
                yield from _texts(item, f"{path}.")
        case dict():
            for key, item in value.items():
                yield f"{path}.", key
                yield from _texts(item, f"{path}.{key}")


def _streamed(cassette: Cassette) -> Iterator[Found]:
    """Yield the keys in what the messages of the body say, joined, by the line each begins on."""
    body = cassette.body
    ends = list(accumulate(len(chunk.data) for chunk in cassette.chunks))
    said: dict[str, str] = defaultdict(str)
    places: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for message in _MESSAGE.finditer(body.replace(b"\r", b"\n")):
        line = bisect_right(ends, message.start()) + 1 + _LINES_BEFORE_CHUNKS
        for path, text in _texts(_parsed(message[1])):
            places[path].append((len(said[path]), line))
            said[path] += text
    for path, whole in said.items():
        for kind, start in _key_shaped(whole):
            yield places[path][bisect_right(places[path], (start, len(body))) - 1][1], kind


def _parsed(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return data.decode("utf-8", "replace")
