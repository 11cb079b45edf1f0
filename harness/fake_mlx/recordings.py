"""Requests in; which recorded exchange answers each one, or that it must be recorded, out.

A request is the same as a recorded one when method, path and body are. Exchanges of the same
request are a sequence: each is served once, in the order of their names, the last one again and
again.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeAlias, get_args

from msgspec import UNSET

from fake_mlx.exchange import Cassette
from fake_mlx.http1 import Request
from fake_mlx.redaction import without_machine_paths

Mode: TypeAlias = Literal["none", "once", "new", "all", "rewrite"]
MODES: Final[tuple[Mode, ...]] = get_args(Mode)

_LONGEST_NAME: Final = 40


class Recordings:
    """The exchanges of one folder under a *mode*.

    ``none`` records nothing; ``once`` only into a folder that was empty; ``new`` what is not there;
    ``all`` everything, beside what is there; ``rewrite`` everything, in its place.
    """

    def __init__(self, cassettes: Mapping[str, Cassette], mode: Mode) -> None:
        self._cassettes = {} if mode == "rewrite" else dict(cassettes)
        self._records = mode in ("new", "all", "rewrite") or (mode == "once" and not cassettes)
        self._replays = mode in ("none", "new") or not self._records
        self._turns: Counter[str] = Counter()
        self._names = set(self._cassettes)

    def answer(self, request: Request) -> Cassette | None:
        """Return the exchange that answers *request*; None if there is none."""
        if not self._replays:
            return None
        key = _key(request.method, request.path, body_of(request))
        same = [c for _, c in sorted(self._cassettes.items()) if _key_of(c) == key]
        if not same:
            return None
        turn = min(self._turns[key], len(same) - 1)
        self._turns[key] += 1
        return same[turn]

    def may_record(self) -> bool:
        return self._records

    def name_for(self, request: Request) -> str:
        """Return a new name that tells what *request* asks."""
        body = body_of(request)
        words = _last_words(body) or request.path.rpartition("/")[2] or "root"
        stem = re.sub(r"[^a-z0-9]+", "_", words.lower())[:_LONGEST_NAME].strip("_") or "chat"
        name, number = stem, 1
        while name in self._names:
            number += 1
            name = f"{stem}_{number:03}"
        self._names.add(name)
        return name


def body_of(request: Request) -> Any:
    """Return the JSON of the body, or its text."""
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode("utf-8", "replace")


def _key(method: str, path: str, body: Any) -> str:
    return json.dumps([method, path, without_machine_paths(body)], sort_keys=True)


def _key_of(cassette: Cassette) -> str:
    request = cassette.header.request
    text = "" if request.text is UNSET else request.text
    return _key(request.method, request.path, text if request.json is UNSET else request.json)


def _last_words(body: Any) -> str:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list) or not messages:
        return ""
    last = messages[-1]
    content = last.get("content") if isinstance(last, dict) else None
    return content if isinstance(content, str) else ""
