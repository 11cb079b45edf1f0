"""The markers of a family in; for each place of a text, what to look for there, out."""

import re
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal, TypeAlias

from mlx_relay.pipeline.markers import WHITE_SPACE, Capture, Family, Marker, State, Where

Place: TypeAlias = Literal["first", "after_call", "leading", "later"]
"""What stands before a place in its state: nothing, a call, white space, text."""

_LIVE: Final[dict[Where, tuple[Place, ...]]] = {
    "first": ("first", "after_call"),
    "after_call": ("after_call",),
    "leading": ("first", "after_call", "leading"),
}


class Table:
    """The markers that are live at one kind of place, ready to be looked for.

    *held* are the characters of white space that may turn out to belong to a marker behind them;
    *longest* is the length of the longest marker.
    """

    def __init__(self, markers: Iterable[Marker], held: str = "") -> None:
        self.markers = {marker.text: marker for marker in markers}
        self.held = held
        self.longest = max(map(len, self.markers), default=0)
        texts = sorted(self.markers, key=len, reverse=True)
        whole = "|".join(map(re.escape, texts))
        partial = "|".join(_beginnings(text) for text in texts if len(text) > 1) or r"(?!)"
        self._pattern = re.compile(rf"(?P<partial>(?:{partial})\Z)|{whole}") if texts else None
        self._whole = re.compile(whole) if texts else None
        first = "".join({re.escape(text[0]) for text in texts})
        self._first = re.compile(f"[{first}]") if texts else None

    def may_match(self, text: str) -> bool:
        """Return whether a marker may stand or begin in *text*; quick where none does."""
        return self._first is not None and self._first.search(text) is not None

    def search(
        self, text: str, position: int, *, final: bool, end: int = sys.maxsize
    ) -> re.Match[str] | None:
        pattern = self._whole if final else self._pattern
        return pattern.search(text, position, end) if pattern else None

    def match(self, text: str, position: int, *, final: bool) -> re.Match[str] | None:
        pattern = self._whole if final else self._pattern
        return pattern.match(text, position) if pattern else None


def _beginnings(text: str) -> str:
    """Return a regular expression for every beginning of *text* that is not all of it."""
    expression = ""
    for character in reversed(text[1:-1]):
        expression = f"(?:{re.escape(character)}{expression})?"
    return re.escape(text[0]) + expression


class Tables:
    """The tables of one family, each made when it is first needed."""

    def __init__(self, family: Family) -> None:
        self._family = family
        self._made: dict[tuple[State, Place, bool], Table] = {}
        self._changes: dict[State, re.Pattern[str]] = {}
        self.tracks_code = any(marker.where == "outside_code" for marker in family.text)

    def at(self, state: State, place: Place, *, in_code: bool) -> Table:
        """Return the table for *place* in *state*, in Markdown code or outside."""
        key = (state, place, in_code)
        if key not in self._made:
            self._made[key] = self._make(state, place, in_code=in_code)
        return self._made[key]

    def changes(self, state: State, *, with_code: bool) -> re.Pattern[str]:
        """Return what any of the markers of *state* needs, behind other text: none stands without.

        *with_code* adds what Markdown code is made of.
        """
        if state not in self._changes:
            table = self.at(state, "later", in_code=False)
            characters = "".join(text[0] for text in table.markers) + "`~\n" * with_code
            anywhere = f"[{re.escape(characters)}]" if characters else "(?!)"
            at_end = rf"|[{table.held}]\Z" if table.held else ""
            self._changes[state] = re.compile(anywhere + at_end)
        return self._changes[state]

    def _make(self, state: State, place: Place, *, in_code: bool) -> Table:
        markers: tuple[Marker, ...] = getattr(self._family, state)
        held = "".join({character for marker in markers for character in marker.before})
        if state == "section" or (place != "later" and any(m.drops_blank for m in markers)):
            held = WHITE_SPACE
        return Table((m for m in markers if _is_live(m, place, in_code=in_code)), held)


def _is_live(marker: Marker, place: Place, *, in_code: bool) -> bool:
    if marker.where == "outside_code":
        return not in_code
    return place in _LIVE.get(marker.where, (place,))


@lru_cache(maxsize=512)
def tables_of(family: Family) -> Tables:
    """Return the tables of *family*."""
    return Tables(family)


@lru_cache(maxsize=512)
def ends_of(capture: Capture) -> Table:
    """Return the table of what ends *capture*."""
    return Table(Marker(text, to="text") for text in (*capture.closing, *capture.stops))
