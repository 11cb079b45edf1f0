"""A captured text in pieces; whether it stands in a string, and where its brackets close."""

import re
from typing import Final

_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


class Brackets:
    """Follow the brackets of a JSON or Python text; strings stand between any of *quotes*.

    The text ends by itself where the first bracket closes; what comes behind that is not followed,
    whether it comes in one piece with it or not. A name may stand before that one: then
    only ``{`` (and ``(``) count as the first bracket, for ``NAME[ARGS]{...}``.
    """

    def __init__(self, quotes: str = '"') -> None:
        self._outside = re.compile(f"[{re.escape(quotes + _OPENING + _CLOSING)}]")
        self._inside = {quote: re.compile(f"[{quote}\\\\]") for quote in quotes}
        self._quote = ""
        self._is_escaped = False
        self._depth = 0
        self._is_named = False
        self._is_closed = False

    def feed(self, text: str) -> int | None:
        position = 0
        while position < len(text) and not self._is_closed:
            if self._quote:
                position = self._pass_string(text, position)
                continue
            found = self._outside.search(text, position)
            if self._depth == 0 and not self._is_named:
                end = found.start() if found else len(text)
                self._is_named = not (text[position:end].isspace() or position == end)
            if found is None:
                return None
            position = found.end()
            if self._take(found.group()):
                self._is_closed = True
                return position
        return None

    def is_inside(self) -> bool:
        return bool(self._quote)

    def _take(self, character: str) -> bool:
        """Take a quote or bracket; return whether it closed the first bracket."""
        if character in _OPENING:
            if self._depth or character != "[" or not self._is_named:
                self._depth += 1
        elif character in _CLOSING:
            if self._depth:
                self._depth -= 1
                return self._depth == 0
        elif self._depth:
            self._quote = character
        return False

    def _pass_string(self, text: str, position: int) -> int:
        if self._is_escaped:
            self._is_escaped = False
            return position + 1
        found = self._inside[self._quote].search(text, position)
        if found is None:
            return len(text)
        if found.group() == "\\":
            self._is_escaped = True
        else:
            self._quote = ""
        return found.end()


def json_text() -> Brackets:
    """Return a tracker for JSON."""
    return Brackets('"')


def python_text() -> Brackets:
    """Return a tracker for Python literals."""
    return Brackets("\"'")
