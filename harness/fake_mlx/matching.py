"""A request and a library in, the cassettes that answer it out; of a miss, what was nearest.

The model of the request picks: the name of a cassette, served whatever else the request says; or
the folder of some, of which the path, each one's own conditions, the last message of the user, and
whether it streams leave one or more, which then take turns.
"""

import difflib
import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
from msgspec import UNSET

from fake_mlx.exchange import Cassette
from fake_mlx.exchange import Request as Recorded

_LONGEST_TEXT: Final = 4_000
_LONGEST_DIFF: Final = 200
_MISSING: Final = "(missing)"


class Question(msgspec.Struct, frozen=True):
    """What is asked of the library; *body* is the JSON of the request, None where it is none."""

    method: str
    path: str
    body: Any = None

    @property
    def model(self) -> str | None:
        model = self.body.get("model") if isinstance(self.body, dict) else None
        return model if isinstance(model, str) else None


def candidates(library: Mapping[str, Cassette], question: Question) -> list[str]:
    """Return the names of the cassettes that answer *question* in turn; empty for a miss."""
    model = question.model
    if model is None:
        return []
    if model in library:
        return [model]
    in_folder = [name for name in library if name.rpartition("/")[0] == model != ""]
    fitting = [name for name in in_folder if _fits(library[name], question)]
    for alike in (_same_last_message, _same_streaming):
        narrowed = [name for name in fitting if alike(library[name].header.request, question)]
        fitting = narrowed or fitting
    return fitting


def folders(library: Mapping[str, Cassette]) -> list[str]:
    """Return the names of the folders that have cassettes."""
    return sorted({name.rpartition("/")[0] for name in library} - {""})


def explain_miss(library: Mapping[str, Cassette], question: Question) -> str:
    """Return why nothing answers *question*, with a diff to the cassette that is nearest."""
    reason = _reason(library, question)
    if not library:
        return reason
    nearest = max(library, key=lambda name: _nearness(name, library[name], question))
    diff = difflib.unified_diff(
        _pretty(_recorded(nearest, library[nearest].header.request)),
        _pretty(_asked(question)),
        f"the request of {nearest}",
        "this request",
        lineterm="",
    )
    lines = [reason, f"The nearest cassette is {nearest}.", *diff]
    return "\n".join(lines[:_LONGEST_DIFF])


def _fits(cassette: Cassette, question: Question) -> bool:
    recorded, match = cassette.header.request, cassette.header.match
    if (recorded.method, recorded.path) != (question.method, question.path):
        return False
    return all(
        _value(_plain(recorded), key, match.ignore) == _value(_asked(question), key, match.ignore)
        for key in match.on
    )


def _same_last_message(recorded: Recorded, question: Question) -> bool:
    message = _last_user_message(question.body)
    return message is not None and message == _last_user_message(recorded.json)


def _same_streaming(recorded: Recorded, question: Question) -> bool:
    return _streams(recorded.json) == _streams(question.body)


def _streams(body: Any) -> bool:
    return isinstance(body, dict) and body.get("stream") is True


def _last_user_message(body: Any) -> Any:
    messages = body.get("messages") if isinstance(body, dict) else None
    if not isinstance(messages, list):
        return None
    said = [item.get("content") for item in messages if _is_by_user(item)]
    return said[-1] if said else None


def _is_by_user(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") == "user"


def _plain(recorded: Recorded) -> dict[str, Any]:
    body = None if recorded.json is UNSET else recorded.json
    return {"method": recorded.method, "path": recorded.path, "json": body}


def _recorded(name: str, recorded: Recorded) -> dict[str, Any]:
    """Return the request that would have got the cassette *name*."""
    request = _plain(recorded)
    if isinstance(recorded.json, dict):
        request["json"] = recorded.json | {"model": name}
    return request


def _asked(question: Question) -> dict[str, Any]:
    return {"method": question.method, "path": question.path, "json": question.body}


def _value(request: Any, key: str, ignored: Collection[str]) -> Any:
    """Return what stands in *request* under the dotted *key*, without what is ignored."""
    value = request
    for step in key.split("."):
        value = value.get(step, _MISSING) if isinstance(value, dict) else _MISSING
    return _pruned(value, key, ignored)


def _pruned(value: Any, key: str, ignored: Collection[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {
        step: _pruned(item, f"{key}.{step}", ignored)
        for step, item in value.items()
        if f"{key}.{step}" not in ignored
    }


def _reason(library: Mapping[str, Cassette], question: Question) -> str:
    model = question.model
    if model is None:
        return "No cassette: the request has no model that could name one."
    if model in folders(library):
        return f"No cassette in the folder {model} fits this request."
    return f"No cassette and no folder of cassettes has the name {model}."


def _nearness(name: str, cassette: Cassette, question: Question) -> float:
    """Return how near a cassette is: by its name, the user's last message, and the whole text."""
    request = cassette.header.request
    by_name = difflib.SequenceMatcher(None, name, question.model or "").ratio()
    ours, theirs = _text(_plain(request)), _text(_asked(question))
    by_text = difflib.SequenceMatcher(None, ours, theirs).quick_ratio()
    return 2 * by_name + by_text + _same_last_message(request, question)


def _text(request: dict[str, Any]) -> str:
    return json.dumps(request, sort_keys=True)[:_LONGEST_TEXT]


def _pretty(request: dict[str, Any]) -> list[str]:
    return json.dumps(request, indent=2, sort_keys=True, ensure_ascii=False).split("\n")
