"""Deltas in; deltas out, with the reasoning and the calls that stand between markers told apart."""

from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.deltas import Delta, FinishDelta, ReasoningDelta, TextDelta, UsageDelta
from mlx_relay.pipeline.markers import Family, State
from mlx_relay.pipeline.scanner import Scanner
from mlx_relay.pipeline.trace import Step, Trace
from mlx_relay.pipeline.voice import Voice


class MarkedReasoning:
    """Turn text between the markers of *family* into reasoning and calls.

    Reasoning may come in a field and between markers in one stream; each has its own scanner.
    *starts_in_thinking* overrides the family's own rule. An upstream that sends a reasoning field
    before any text has split the reasoning off itself: then no text starts in thinking. *tools*
    type the arguments; *trace* is told which rule did what.
    """

    def __init__(
        self,
        family: Family,
        *,
        starts_in_thinking: bool | None = None,
        tools: Tools | None = None,
        trace: Trace | None = None,
    ) -> None:
        starts = family.starts_in_thinking if starts_in_thinking is None else starts_in_thinking
        self._family = family
        self._tools = tools
        self._trace = trace
        self._can_start_in_thinking = starts and bool(family.thinking)
        self._text = self._scanner("thinking" if self._can_start_in_thinking else "text")
        self._field: Scanner | None = None
        if self._can_start_in_thinking:
            self._note("thinking", "the text starts in thinking")

    def feed(self, delta: Delta) -> list[Delta]:
        if isinstance(delta, TextDelta):
            self._can_start_in_thinking = False
            deltas = self._text.feed(delta.text)
            return [*self._end_field(), *deltas] if self._field else deltas
        if isinstance(delta, ReasoningDelta):
            return self._feed_field(delta.text)
        if isinstance(delta, UsageDelta):
            return [delta]
        well = isinstance(delta, FinishDelta)
        return [*self._end_field(), *self._text.flush(well=well), delta]

    @property
    def steady(self) -> Voice | None:
        """What says the next piece of the kind that came last, while nothing is held back.

        None when any piece would change more than what the voice has seen.
        """
        if self._trace or self._can_start_in_thinking:
            return None
        if self._field is None:
            return self._text.steady
        return self._field.steady if self._text.is_empty else None

    @property
    def in_field(self) -> bool:
        """The upstream is sending reasoning in a field of its own."""
        return self._field is not None

    def close(self) -> list[Delta]:
        return [*self._end_field(), *self._text.flush()]

    def _feed_field(self, text: str) -> list[Delta]:
        if self._can_start_in_thinking:
            self._can_start_in_thinking = False
            self._text = self._scanner("text")
        if self._field is None:
            self._field = self._scanner("field")
            self._note("field", "the upstream's own field is thinking")
        return [*self._text.flush(), *self._field.feed(text)]

    def _scanner(self, state: State) -> Scanner:
        return Scanner(self._family, state, tools=self._tools, trace=self._trace)

    def _note(self, state: State, rule: str) -> None:
        if self._trace:
            self._trace(Step(self._family.name, state, "", rule, is_dropped=False))

    def _end_field(self) -> list[Delta]:
        """The next field begins a new block."""
        field, self._field = self._field, None
        return field.flush() if field else []
