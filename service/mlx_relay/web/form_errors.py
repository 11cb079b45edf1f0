"""msgspec's complaints in; sentences that name the field and never repeat a value out. Pure."""

import re

import msgspec

MAX_NAME = 64
_JSON_NAMES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "datetime": "time",
}
_FIELD = re.compile(r"(Object contains unknown|Object missing required) field `(.*)`", re.DOTALL)
_TICKED = re.compile(r"`([^`]*)`")


def describe(error: msgspec.ValidationError) -> str:
    """Return ``messages[0].role: Expected string, got integer.`` for msgspec's own wording."""
    reason, _, place = str(error).partition(" - at ")
    path = place.removeprefix("`key` in ").strip("`").lstrip("$.")
    missing_or_unknown = _FIELD.match(reason)
    if missing_or_unknown:
        kind, name = missing_or_unknown.groups()
        path = f"{path}.{name[:MAX_NAME]}".lstrip(".")
        reason = "There is no such field" if kind.endswith("unknown") else "It is required"
    else:
        reason = _reword(reason)
    sentence = f"{path}: {reason}" if path else reason
    return sentence if sentence.endswith((".", "?")) else f"{sentence}."


def _reword(reason: str) -> str:
    if reason.startswith("Expected"):
        return _TICKED.sub(_json_name, reason)
    if reason.startswith("Invalid"):
        return "It is not one of the values that are allowed here"
    return reason


def _json_name(match: re.Match[str]) -> str:
    return " or ".join(_JSON_NAMES.get(name, name) for name in match.group(1).split(" | "))
