"""Values written as Python or JSON literals, or as a family's own kind of them, in; values out.

Reads what models write, not what Python runs: nothing is evaluated. All functions raise Unreadable
where the text is no such value.
"""

import re
from collections.abc import Callable
from typing import Any, Final

from mlx_relay.pipeline.loose_json import Unreadable, parse_json

MAX_DEPTH: Final = 100

_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\W\d][\w.\-]*")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_PLAIN: Final = re.compile(r"""[^"'\\]+""")
_ESCAPE: Final = re.compile(r"\\(?:u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2}|.)", re.DOTALL)
_ESCAPES: Final[dict[str, str]] = {
    "n": "\n",
    "t": "\t",
    "r": "\r",
    "b": "\b",
    "f": "\f",
    "v": "\v",
    "0": "\0",
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "/": "/",
}
_WORDS: Final[dict[str, bool | None]] = {
    "true": True,
    "True": True,
    "false": False,
    "False": False,
    "null": None,
    "None": None,
}


class Literals:
    """A text and a place in it. Values are taken off at the place, which moves behind them.

    *quote* is what stands around strings if not ``"`` or ``'``; those have no escapes.
    """

    def __init__(self, text: str, *, quote: str = "") -> None:
        self._text = text
        self._quote = quote
        self._place = 0
        self._depth = 0

    def take(self, token: str) -> bool:
        """Pass over *token* and the white space before it, if it comes now."""
        self._place = self._match(_SPACE).end()
        if not self._text.startswith(token, self._place):
            return False
        self._place += len(token)
        return True

    def want(self, token: str) -> None:
        """Pass over *token*, which must come now."""
        if not self.take(token):
            raise Unreadable(f"no {token}")

    def name(self) -> str:
        """Take a name; dots and dashes may be in it."""
        self.take("")
        return self._pass(_NAME)

    def is_at_end(self) -> bool:
        self.take("")
        return self._place == len(self._text)

    def value(self) -> Any:
        """Take one value of any kind."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Unreadable("too deep")
        self.take("")
        found = self._value(self._text[self._place : self._place + 1])
        self._depth -= 1
        return found

    def items(self, closing: str, take_one: Callable[[], None]) -> None:
        """Take things with commas between them, up to *closing*; a last comma may dangle."""
        while not self.take(closing):
            take_one()
            if not self.take(","):
                self.want(closing)
                return

    def _value(self, first: str) -> Any:
        if self._quote and self.take(self._quote):
            return self._until_quote()
        if first in ("[", "("):
            self._place += 1
            return self._list("]" if first == "[" else ")")
        if first == "{":
            self._place += 1
            return self._dictionary()
        if first in ('"', "'"):
            return self._string()
        if number := _NUMBER.match(self._text, self._place):
            self._place = number.end()
            return parse_json(_as_json_number(number.group()))
        word = self._pass(_NAME)
        if word not in _WORDS:
            raise Unreadable(f"no value: {word}")
        return _WORDS[word]

    def _list(self, closing: str) -> list[Any]:
        values: list[Any] = []
        self.items(closing, lambda: values.append(self.value()))
        return values

    def _dictionary(self) -> dict[str, Any]:
        values: dict[str, Any] = {}

        def take_pair() -> None:
            self.take("")
            key = self.name() if self._is_at_name() else self.value()
            if not isinstance(key, str):
                raise Unreadable("a key that is no string")
            self.want(":")
            values[key] = self.value()

        self.items("}", take_pair)
        return values

    def _is_at_name(self) -> bool:
        return _NAME.match(self._text, self._place) is not None

    def _until_quote(self) -> str:
        end = self._text.find(self._quote, self._place)
        if end < 0:
            raise Unreadable("a string without an end")
        start, self._place = self._place, end + len(self._quote)
        return self._text[start:end]

    def _string(self) -> str:
        quote = self._text[self._place]
        if self._text.startswith(quote * 3, self._place):
            quote *= 3
        self._place += len(quote)
        pieces = []
        while not self._text.startswith(quote, self._place):
            if plain := _PLAIN.match(self._text, self._place):
                pieces.append(plain.group())
                self._place = plain.end()
            elif self._text.startswith("\\", self._place):
                pieces.append(_unescaped(self._pass(_ESCAPE)))
            elif self._place < len(self._text):
                pieces.append(self._text[self._place])
                self._place += 1
            else:
                raise Unreadable("a string without an end")
        self._place += len(quote)
        return _joined(pieces)

    def _pass(self, pattern: re.Pattern[str]) -> str:
        found = self._match(pattern)
        self._place = found.end()
        return found.group()

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._place)
        if found is None:
            raise Unreadable("something else")
        return found


def _unescaped(escape: str) -> str:
    kind = escape[1]
    if len(escape) == 2:
        return _ESCAPES.get(kind, escape)
    code = int(escape.lstrip("\\uUx"), 16)
    if code > 0x10FFFF:
        raise Unreadable("no such character")
    return chr(code)


def _joined(pieces: list[str]) -> str:
    """Join *pieces*; a pair of surrogates is one character, a lone one is replaced."""
    return "".join(pieces).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _as_json_number(text: str) -> str:
    sign = "-" if text.startswith("-") else ""
    whole, point, rest = text.lstrip("+-").partition(".")
    fraction = rest if rest[:1].isdigit() else f"0{rest}"
    digits = whole.lstrip("0") if whole[:1] == "0" and whole[1:2].isdigit() else whole
    return sign + (digits or "0") + (f".{fraction}" if point else "")
