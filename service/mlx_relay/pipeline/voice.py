"""Pieces of text and changes of state in; deltas out, without the white space of the markers."""

import math
import re
from typing import Final

from mlx_relay.pipeline.deltas import (
    Delta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
)
from mlx_relay.pipeline.markdown import CodeTracker
from mlx_relay.pipeline.markers import Family, Marker, State
from mlx_relay.pipeline.tables import Place, Table, tables_of

MAX_UNDECIDED: Final = 2000
"""Characters of text after which a family that waits for an unmistakable marker settles."""

MAX_SPACE: Final = 256
"""Characters of white space that may be held back because a marker could own them."""


class Voice:
    """Knows the state that the text is in, and says the text as deltas of that state.

    *table* holds the markers to look for next.
    """

    def __init__(self, family: Family, state: State) -> None:
        self.state = state
        self.deltas: list[Delta] = []
        self._place: Place = "first"
        self._space = ""
        self._after = ""
        self._seen = 0
        self._code = CodeTracker()
        self.become(family)

    def collect(self) -> list[Delta]:
        deltas, self.deltas = self.deltas, []
        return deltas

    def exact_table(self) -> Table:
        """Return the markers that are live just here: not those that are quoted."""
        if self.state == "text" and self._tables.tracks_code and self._code.is_inside():
            return self._tables.at("text", self._place, in_code=True)
        return self.table

    def say(self, text: str) -> None:
        """Take *text* of the present state; white space that a marker may own is held back."""
        if self._after:
            text = text.lstrip(self._after)
            if not text:
                return
            self._after = ""
        if self._place != "later":
            self.move("leading" if text.isspace() else "later")
        if self.family.settles:
            self._seen += len(text)
            if self._seen > MAX_UNDECIDED:
                self.become(self.family.settles)
        if self._space or self.table.held:
            text = self._space + text
            kept = max(len(text.rstrip(self.table.held)), len(text) - MAX_SPACE)
            text, self._space = text[:kept], text[kept:]
        if text:
            self._emit(text)

    @property
    def is_thinking(self) -> bool:
        return self.state in ("thinking", "field")

    @property
    def is_empty(self) -> bool:
        return not self._space

    @property
    def is_steady(self) -> bool:
        """Text without ``changes`` in it would be one delta of the present state."""
        is_settled = self._place == "later" and not (self._after or self._space)
        return is_settled and (self._code.is_steady or not self._follows_code())

    @property
    def changes(self) -> re.Pattern[str]:
        """What may make more of a piece of text than a delta, in a steady state."""
        return self._tables.changes(self.state, with_code=self._follows_code())

    @property
    def room(self) -> float:
        """How many characters may pass until the family settles."""
        return MAX_UNDECIDED - self._seen if self.family.settles else math.inf

    def passed(self, characters: int) -> None:
        """Count text that did not come here."""
        self._seen += characters

    def say_raw(self, text: str) -> None:
        """Say *text* as a part of the answer, whatever the state is."""
        self.let_space_out()
        self.deltas.append(TextDelta(text))

    def drop_space(self, marker: Marker) -> None:
        """Let out what is held of white space, but for what belongs to *marker*."""
        is_blank = self._place != "later" and marker.drops_blank
        if is_blank or self.state == "section":
            self._space = ""
        self._space = self._space.rstrip(marker.before)
        self.let_space_out()

    def let_space_out(self) -> None:
        space, self._space = self._space, ""
        if space:
            self._emit(space)

    def go(self, state: State, *, after: str = "") -> None:
        """Be in *state* from now on; its first characters in *after* belong to the marker."""
        self._after = after
        if state == self.state:
            return
        if self.state == "thinking":
            self.deltas.append(ReasoningEnd())
        elif state == "thinking":
            self.deltas.append(ReasoningStart())
        self.state = state
        self._code = CodeTracker()
        self.move("first")

    def move(self, place: Place) -> None:
        """Be at *place* in the present state."""
        self._place = place
        self.table = self._tables.at(self.state, place, in_code=False)

    def become(self, family: Family) -> None:
        """Go on by the rules of *family*."""
        self.family = family
        self._tables = tables_of(family)
        self.move(self._place)

    def _emit(self, text: str) -> None:
        if self.is_thinking:
            self.deltas.append(ReasoningDelta(text))
            return
        if self._tables.tracks_code:
            self._code.feed(text)
        self.deltas.append(TextDelta(text))

    def _follows_code(self) -> bool:
        return self._tables.tracks_code and not self.is_thinking
