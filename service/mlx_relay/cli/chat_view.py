"""Events and times in; what a view shows, and the figures of a stream, out. Pure."""

from typing import Protocol

from mlx_relay.events import (
    AnyEvent,
    Done,
    Error,
    Response,
    Status,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
)


class View(Protocol):
    """Shows one chat; takes any text, and makes it harmless."""

    def status(self, text: str) -> None: ...
    def thinking(self, text: str) -> None: ...
    def thought(self, seconds: float) -> None: ...
    def response(self, text: str) -> None: ...
    def tool_call(self, name: str, arguments: str) -> None: ...
    def done(self, figures: str) -> None: ...
    def error(self, sentence: str, detail: str) -> None: ...

    def close(self) -> None:
        """Leave the terminal in order, however the chat ended; may be called at any time."""


class Figures:
    """What a stream cost: *started_at* and every *at* in seconds, monotonic."""

    def __init__(self, started_at: float) -> None:
        self._started_at = started_at
        self._first_at: float | None = None
        self._tokens: int | None = None

    def note(self, event: AnyEvent, at: float) -> None:
        match event:
            case Thinking() | Response() | ToolCall() if self._first_at is None:
                self._first_at = at
            case Usage(completion_tokens=tokens):
                self._tokens = tokens
            case _:
                pass

    def summary(self, finish_reason: str, ended_at: float) -> str:
        """Return ``42 tokens · 35.1 tokens/s · first token after 0.14s``; only what is known."""
        parts = [f"{self._tokens} tokens"] if self._tokens is not None else []
        if self._first_at is not None:
            if self._tokens and ended_at > self._first_at:
                parts.append(f"{self._tokens / (ended_at - self._first_at):.1f} tokens/s")
            parts.append(f"first token after {self._first_at - self._started_at:.2f}s")
        if finish_reason == "length":
            parts.append("cut off at the token limit")
        return " · ".join(parts)


class Chat:
    """Takes the events of one stream to a view."""

    def __init__(self, view: View, *, started_at: float) -> None:
        self.ended_well = False
        self._view = view
        self._figures = Figures(started_at)

    def show(self, event: AnyEvent, at: float) -> None:
        self._figures.note(event, at)
        match event:
            case Status(position=position):
                place = f" (place {position} in the queue)" if position else ""
                self._view.status(f"{event.phase}{place}")
            case Thinking(content=text):
                self._view.thinking(text)
            case ThinkingDone(duration=seconds):
                self._view.thought(seconds)
            case Response(content=text):
                self._view.response(text)
            case ToolCall(name=name, arguments=arguments):
                self._view.tool_call(name, arguments)
            case Done(finish_reason=reason):
                self.ended_well = True
                self._view.done(self._figures.summary(reason, at))
            case Error(content=sentence, detail=detail):
                self._view.error(sentence, detail or event.code)
            case _:
                pass
