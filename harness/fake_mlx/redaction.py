"""Headers and request bodies in; what may be kept of them out, with the names of what was not.

Request headers are kept only when they are on a list, response headers unless they name somebody
or some request. A machine's own paths give way to a placeholder of the same length.
"""

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeAlias

NameValues: TypeAlias = Iterable[tuple[str, str]]

_REQUEST_KEPT: Final = frozenset({"accept", "content-type"})
_RESPONSE_DROPPED: Final = re.compile(
    r"set-cookie|.*request-id|.*correlation-id|.*-(organization|project)|cf-.*|x-served-by|via",
    re.IGNORECASE,
)
_JOURNAL_SHOWN: Final = _REQUEST_KEPT | {
    "accept-encoding",
    "connection",
    "content-encoding",
    "content-length",
    "expect",
    "host",
    "transfer-encoding",
    "user-agent",
}
_MACHINE_PATH: Final = re.compile(r"(?:/(?:tmp|root|home|Users|private|var))(?:/[\w.@+~-]+)+")
_PLACEHOLDER: Final = "redacted-"


def kept_of_request(headers: NameValues) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the request headers that a cassette keeps, and the names of those it does not."""
    return _parted(headers, lambda name: name.lower() in _REQUEST_KEPT)


def kept_of_response(headers: NameValues) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the response headers that a cassette keeps, and the names of those it does not."""
    return _parted(headers, lambda name: not _RESPONSE_DROPPED.fullmatch(name))


def shown_in_journal(headers: NameValues) -> list[tuple[str, str]]:
    """Return *headers* with the values hidden that could be a secret."""
    return [
        (name, value if name.lower() in _JOURNAL_SHOWN else "(redacted)") for name, value in headers
    ]


def without_machine_paths(value: Any) -> Any:
    """Return the JSON *value* with every file path of a machine replaced, lengths unchanged."""
    match value:
        case str():
            return _MACHINE_PATH.sub(_placeholder, value)
        case list():
            return [without_machine_paths(item) for item in value]
        case dict():
            return {key: without_machine_paths(item) for key, item in value.items()}
        case _:
            return value


def _placeholder(found: re.Match[str]) -> str:
    length = len(found[0])
    return (_PLACEHOLDER * length)[:length]


def _parted(
    headers: NameValues, is_kept: Callable[[str], bool]
) -> tuple[list[tuple[str, str]], list[str]]:
    kept, dropped = [], []
    for name, value in headers:
        if is_kept(name):
            kept.append((name, value))
        else:
            dropped.append(name.lower())
    return kept, dropped
