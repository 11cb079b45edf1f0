"""Deltas in; deltas out, with the reasoning that stands between markers told apart."""

from mlx_relay.pipeline.deltas import Delta, ReasoningDelta, TextDelta, UsageDelta
from mlx_relay.pipeline.scanner import Family, Scanner


class MarkedReasoning:
    """Turn text between the markers of *family* into reasoning.

    Reasoning may come in a field and between markers in one stream; each has its own scanner.
    *starts_in_thinking* overrides the family's own rule. An upstream that sends a reasoning field
    before any text has split the reasoning off itself: then no text starts in thinking.
    """

    def __init__(self, family: Family, *, starts_in_thinking: bool | None = None) -> None:
        starts = family.starts_in_thinking if starts_in_thinking is None else starts_in_thinking
        self._family = family
        self._can_start_in_thinking = starts and bool(family.thinking)
        self._text = Scanner(family, "thinking" if self._can_start_in_thinking else "text")
        self._field: Scanner | None = None

    def feed(self, delta: Delta) -> list[Delta]:
        if isinstance(delta, TextDelta):
            self._can_start_in_thinking = False
            deltas = self._text.feed(delta.text)
            return [*self._end_field(), *deltas] if self._field else deltas
        if isinstance(delta, ReasoningDelta):
            return self._feed_field(delta.text)
        if isinstance(delta, UsageDelta):
            return [delta]
        return [*self.close(), delta]

    def close(self) -> list[Delta]:
        return [*self._end_field(), *self._text.flush()]

    def _feed_field(self, text: str) -> list[Delta]:
        if self._can_start_in_thinking:
            self._can_start_in_thinking = False
            self._text = Scanner(self._family, "text")
        if self._field is None:
            self._field = Scanner(self._family, "field")
        return [*self._text.flush(), *self._field.feed(text)]

    def _end_field(self) -> list[Delta]:
        """The next field begins a new block."""
        field, self._field = self._field, None
        return field.flush() if field else []
