"""The events of a stream in; what was said in it, for its last record, out. Pure."""

from collections.abc import Sequence

from mlx_relay.events import Event, Response, Thinking, ToolCall
from mlx_relay.sinks.records import Texts

MAX_CHARACTERS = 1024 * 1024
"""What is kept of a stream; nobody reads more, and a thousand streams need their memory."""


class Said:
    """What a stream has said so far."""

    def __init__(self, max_characters: int = MAX_CHARACTERS) -> None:
        self._left = max_characters
        self._thinking: list[str] = []
        self._response: list[str] = []
        self._calls: list[ToolCall] = []

    def keep(self, events: Sequence[Event]) -> None:
        for event in events:
            match event:
                case Thinking(content=content) if self._has_room(content):
                    self._thinking.append(content)
                case Response(content=content) if self._has_room(content):
                    self._response.append(content)
                case ToolCall(arguments=arguments) if self._has_room(arguments):
                    self._calls.append(event)
                case _:
                    pass

    def texts(self) -> Texts:
        return Texts(
            thinking="".join(self._thinking),
            response="".join(self._response),
            tool_calls=self._calls,
            is_cut=self._left < 0,
        )

    def _has_room(self, text: str) -> bool:
        """Tell whether *text* still fits; after the first that does not, nothing does."""
        if self._left >= 0:
            self._left -= len(text)
        return self._left >= 0
