"""Text in; text and reasoning apart. The one engine that reads the marker tables of all families.

A marker may arrive in pieces: text that could still become a live marker is held back until it is
one, or can no longer be; that is never more than the longest marker.
"""

import re
from functools import cache
from typing import Literal, TypeAlias, get_args

import msgspec

from mlx_relay.pipeline.deltas import (
    Delta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
)
from mlx_relay.pipeline.markdown import CodeTracker

State: TypeAlias = Literal["text", "thinking", "field"]
"""Where a piece of text stands: the answer, reasoning between markers, a reasoning field."""

Where: TypeAlias = Literal["anywhere", "first", "leading", "outside_code"]
"""Where in its state a marker is live: ``first`` means with nothing before it, ``leading`` with
nothing but white space before it, ``outside_code`` not inside Markdown code, where models quote."""

_Place: TypeAlias = Literal["first", "leading", "later"]


class Marker(msgspec.Struct, frozen=True):
    """Text that is no text: it leads *to* a state. One that leads to its own state is dropped."""

    text: str
    to: State
    where: Where = "anywhere"


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """How a family of models marks its reasoning: the markers that live in each state.

    *starts_in_thinking* says whether the prompt of these models opens the block, so that the
    opening marker never comes.
    """

    text: tuple[Marker, ...] = ()
    thinking: tuple[Marker, ...] = ()
    field: tuple[Marker, ...] = ()
    starts_in_thinking: bool = False


class Scanner:
    """Tell the states of one text apart; what it says of them comes out as deltas."""

    def __init__(self, family: Family, state: State) -> None:
        self._tables = _tables(family)
        self._state = state
        self._held = ""
        self._place: _Place = "first"
        self._table = self._tables[state, "first", False]
        self._code = CodeTracker()
        self._tracks_code = any(marker.where == "outside_code" for marker in family.text)

    def feed(self, text: str) -> list[Delta]:
        if self._held:
            text = self._held + text
            self._held = ""
        pattern = self._table.pattern
        if pattern is None or pattern.search(text) is None:
            return [self._say(text)]
        return self._scan(text, final=False)

    def flush(self) -> list[Delta]:
        """Give out what is held back, as text of the state it stands in."""
        if not self._held:
            return []
        held, self._held = self._held, ""
        return self._scan(held, final=True)

    def _scan(self, text: str, *, final: bool) -> list[Delta]:
        deltas: list[Delta] = []
        position = 0
        while position < len(text):
            start = self._next_candidate(text, position, final=final)
            if start > position:
                deltas.append(self._say(text[position:start]))
            if start == len(text):
                break
            table = self._tables[self._state, self._place, self._is_in_code()]
            found = table.match(text, start, final=final)
            if found is None:
                deltas.append(self._say(text[start]))
                position = start + 1
            elif found.lastgroup == "partial":
                self._held = text[start:]
                break
            else:
                deltas += self._enter(table.markers[found.group()])
                position = found.end()
        return deltas

    def _next_candidate(self, text: str, position: int, *, final: bool) -> int:
        """Return where the next marker or piece of one may start; the text's end if nowhere."""
        found = self._table.search(text, position, final=final)
        return found.start() if found else len(text)

    def _say(self, text: str) -> Delta:
        if self._place != "later":
            self._move("leading" if text.isspace() else "later")
        if self._state != "text":
            return ReasoningDelta(text)
        if self._tracks_code:
            self._code.feed(text)
        return TextDelta(text)

    def _enter(self, marker: Marker) -> list[Delta]:
        if marker.to == self._state:
            return []
        self._state = marker.to
        self._move("first")
        self._code = CodeTracker()
        return [ReasoningStart() if marker.to == "thinking" else ReasoningEnd()]

    def _move(self, place: _Place) -> None:
        self._place = place
        self._table = self._tables[self._state, place, False]

    def _is_in_code(self) -> bool:
        return self._tracks_code and self._state == "text" and self._code.is_inside()


class _Table:
    """The markers that are live at one kind of place, ready to be looked for."""

    def __init__(self, markers: tuple[Marker, ...]) -> None:
        self.markers = {marker.text: marker for marker in markers}
        texts = sorted(self.markers, key=len, reverse=True)
        whole = "|".join(map(re.escape, texts))
        partial = "|".join(_beginnings(text) for text in texts if len(text) > 1) or r"(?!)"
        self.pattern = re.compile(rf"(?P<partial>(?:{partial})\Z)|{whole}") if texts else None
        self._whole = re.compile(whole) if texts else None

    def search(self, text: str, position: int, *, final: bool) -> re.Match[str] | None:
        pattern = self._whole if final else self.pattern
        return pattern.search(text, position) if pattern else None

    def match(self, text: str, position: int, *, final: bool) -> re.Match[str] | None:
        pattern = self._whole if final else self.pattern
        return pattern.match(text, position) if pattern else None


def _beginnings(text: str) -> str:
    """Return a regular expression for every beginning of *text* that is not all of it."""
    expression = ""
    for character in reversed(text[1:-1]):
        expression = f"(?:{re.escape(character)}{expression})?"
    return re.escape(text[0]) + expression


@cache
def _tables(family: Family) -> dict[tuple[State, _Place, bool], _Table]:
    """Return the table for each state, for each place in it, outside code and inside."""
    tables = {}
    for state in get_args(State):
        for place in get_args(_Place):
            for in_code in (True, False):
                live: dict[Where, bool] = {
                    "first": place == "first",
                    "leading": place != "later",
                    "outside_code": not in_code,
                }
                markers = (m for m in getattr(family, state) if live.get(m.where, True))
                tables[state, place, in_code] = _Table(tuple(markers))
    return tables
