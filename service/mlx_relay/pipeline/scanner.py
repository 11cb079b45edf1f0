"""Text in; text, reasoning and calls apart. The one engine that reads the markers of all families.

A marker may arrive in pieces: text that could still become a live marker is held back until it is
one, or can no longer be; that is never more than the longest marker. The text of a call is gathered
until it can be read; what turns out to be no call is given back as text, once and in order.
"""

from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.deltas import Delta, ToolCallDelta
from mlx_relay.pipeline.gathering import Gathering
from mlx_relay.pipeline.markers import Capture, Family, Marker, State
from mlx_relay.pipeline.tables import Place
from mlx_relay.pipeline.trace import Step, Trace
from mlx_relay.pipeline.voice import Voice


class Scanner:
    """Tell the states of one text apart; what it says of them comes out as deltas.

    *tools* type the arguments of calls; *trace* is told what each rule did.
    """

    def __init__(
        self,
        family: Family,
        state: State,
        *,
        tools: Tools | None = None,
        trace: Trace | None = None,
    ) -> None:
        self._tools = tools or Tools()
        self._trace = trace
        self._voice = Voice(family, state)
        self._held = ""
        self._gathering: Gathering | None = None

    def feed(self, text: str) -> list[Delta]:
        if self._held:
            text = self._held + text
            self._held = ""
        if self._gathering is None and not self._voice.table.may_match(text):
            self._voice.say(text)
        else:
            self._scan(text, final=False)
        return self._voice.collect()

    @property
    def is_empty(self) -> bool:
        """Nothing is held back."""
        return not self._held and self._gathering is None and self._voice.is_empty

    @property
    def steady(self) -> Voice | None:
        """The voice, when text without any of its ``changes`` would only be said."""
        is_steady = not self._held and self._gathering is None and self._voice.is_steady
        return self._voice if is_steady else None

    def flush(self, *, well: bool = False) -> list[Delta]:
        """Give out what is held back, as text of the state it stands in.

        *well* says that the text was not cut off: then a call that shows that it is whole is one.
        """
        held, self._held = self._held, ""
        self._scan(held, final=True)
        while self._gathering is not None:
            if not self._gathering.is_sure:
                self._scan(self._abandon(self._gathering), final=True)
            elif well and self._gathering.capture.ends_with_stream:
                self._finish(self._gathering, "")
            else:
                self._give_back(self._gathering, "the stream ended inside")
        self._voice.let_space_out()
        return self._voice.collect()

    def _scan(self, text: str, *, final: bool) -> None:
        position = 0
        while position < len(text) and not self._held:
            gathering = self._gathering
            if gathering is None:
                position = self._pass(text, position, final=final)
            elif gathering.is_sure or (verdict := gathering.judge(text, position)) is None:
                position = self._gather(gathering, text, position, final=final)
            elif verdict and gathering.capture.reads:
                self._trust(gathering)
            else:
                if verdict:
                    self._trust(gathering)
                body = self._abandon(gathering)
                text, position = (body + text[position:], 0) if body else (text, position)

    def _pass(self, text: str, position: int, *, final: bool) -> int:
        """Take the text up to the next marker, and that marker; return where it ends."""
        found = self._voice.table.search(text, position, final=final)
        start = found.start() if found else len(text)
        if start > position:
            self._voice.say(text[position:start])
        if start == len(text):
            return start
        table = self._voice.exact_table()
        found = table.match(text, start, final=final)
        if found is None:
            self._voice.say(text[start])
            return start + 1
        if found.lastgroup == "partial":
            self._held = text[start:]
            return start
        self._enter(table.markers[found.group()])
        return found.end()

    def _gather(self, gathering: Gathering, text: str, position: int, *, final: bool) -> int:
        """Take captured text up to what may end it, and that; return where it ends."""
        found = gathering.find_end(text, position, final=final)
        start = found.start() if found else len(text)
        taken, is_end = gathering.take(text[position:start])
        position += taken
        if is_end:
            self._finish(gathering, "")
        elif position < start:
            self._give_back(gathering, "too long")
        elif found is None:
            pass
        elif gathering.is_in_string:
            taken, _ = gathering.take(text[position])
            if not taken:
                self._give_back(gathering, "too long")
            return position + taken
        elif found.lastgroup == "partial":
            self._held = text[position:]
        elif found.group() in gathering.capture.stops:
            self._finish(gathering, "")
        else:
            self._finish(gathering, found.group())
            return found.end()
        return position

    def _enter(self, marker: Marker) -> None:
        if marker.becomes:
            self._voice.become(marker.becomes)
        if isinstance(marker.to, Capture):
            self._gathering = Gathering(marker, marker.to)
            if marker.to.head is None and marker.to.reads:
                self._trust(self._gathering)
            return
        self._note(marker.text, f"leads to {marker.to}", is_dropped=not marker.keeps)
        if marker.to == self._voice.state and not (marker.before or marker.after or marker.keeps):
            return
        self._voice.drop_space(marker)
        self._voice.go(marker.to, after=marker.after)
        if marker.keeps:
            self._voice.say(marker.text)

    def _trust(self, gathering: Gathering) -> None:
        """The captured text is what it looked like: it may end the reasoning around it."""
        gathering.is_sure = True
        marker = gathering.marker
        if self._voice.state == "thinking" and marker.then != "thinking":
            self._note(marker.text, "ends thinking: a call begins")
            self._voice.drop_space(marker)
            self._voice.go(marker.then)

    def _abandon(self, gathering: Gathering) -> str:
        """Say the marker as text of the present state; return what must be looked at again."""
        self._note(gathering.marker.text, f"stays {self._voice.state}")
        self._gathering = None
        self._voice.say(gathering.marker.text)
        return gathering.behind_marker()

    def _finish(self, gathering: Gathering, closing: str) -> None:
        """Turn what was captured into calls, or into the state that a header leads to."""
        self._trust(gathering)
        reading = gathering.read(closing, self._tools)
        if not isinstance(reading, list):
            if reading:
                self._turn(gathering, reading.to, closing)
                return
        elif reading:
            self._note(gathering.raw + closing, "is a call", is_dropped=True)
            self._voice.drop_space(gathering.marker)
            self._voice.deltas += [
                ToolCallDelta(None, call.id, call.name, call.arguments, is_whole=True)
                for call in reading
            ]
            self._end(gathering, gathering.marker.then, "after_call")
            return
        self._give_back(gathering, "no call can be read in it", closing)

    def _turn(self, gathering: Gathering, to: State | Capture, closing: str) -> None:
        """What was captured is a header; it counts if what it leads to is to be read at all."""
        if isinstance(to, Capture):
            if self._voice.family.reads_calls:
                gathering.turn(to, closing)
                return
        elif self._voice.family.reads_reasoning:
            self._note(gathering.raw + closing, f"is a header of {to}", is_dropped=True)
            self._voice.drop_space(gathering.marker)
            self._end(gathering, to, "first")
            return
        self._give_back(gathering, "a header of what is not to be read", closing)

    def _end(self, gathering: Gathering, state: State, place: Place) -> None:
        self._gathering = None
        self._voice.go(state, after=gathering.marker.after)
        self._voice.move(place)

    def _give_back(self, gathering: Gathering, reason: str, closing: str = "") -> None:
        """What was captured is text of the answer after all."""
        raw = gathering.raw + closing
        self._note(raw, f"is text: {reason}")
        self._voice.say_raw(raw)
        self._end(gathering, gathering.marker.then, "later")

    def _note(self, text: str, rule: str, *, is_dropped: bool = False) -> None:
        if self._trace:
            voice = self._voice
            self._trace(Step(voice.family.name, voice.state, text, rule, is_dropped))
