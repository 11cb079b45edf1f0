"""Events and times in; the Outcome of a stream out. Pure: the caller reads the clock."""

from collections.abc import Sequence

from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Event,
    Response,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.sinks.base import Outcome, OutcomeKind


class Stopwatch:
    """Times one stream that began at *started* (seconds, monotonic)."""

    __slots__ = (
        "_first_answer",
        "_first_event",
        "_left_at",
        "_started",
        "_terminal",
        "_thinking",
        "_upstream_release",
        "_upstream_status",
        "_usage",
    )

    def __init__(self, started: float) -> None:
        self._started = started
        self._first_event: float | None = None
        self._first_answer: float | None = None
        self._thinking: float | None = None
        self._usage: UsageCounts | None = None
        self._terminal: Done | Error | None = None
        self._upstream_status: int | None = None
        self._left_at = 0.0
        self._upstream_release: float | None = None

    @property
    def has_output(self) -> bool:
        return self._first_event is not None

    def failed(self, failure: StreamError) -> None:
        self._upstream_status = self._upstream_status or failure.upstream_status

    def left(self, at: float) -> None:
        """Nobody waits for the upstream any more: the stream has ended, or its client is gone."""
        self._left_at = at

    def released(self, at: float) -> None:
        """The upstream's connection is closed."""
        if self._is_unwanted:
            self._upstream_release = at - self._left_at

    def saw(self, events: Sequence[Event], at: float) -> None:
        """Note what *events* tell. More text of the kind that came last tells nothing new."""
        for event in events:
            self._note(event, at - self._started)

    def outcome(self, now: float, events: int, bytes_received: int) -> Outcome:
        end = self._terminal
        kind: OutcomeKind = "done" if isinstance(end, Done) else "error"
        return Outcome(
            kind="client_gone" if self._is_unwanted else kind,
            seconds=round(now - self._started, 6),
            code=end.code if isinstance(end, Error) and not self._is_unwanted else None,
            cause=end.detail if isinstance(end, Error) else None,
            finish_reason=end.finish_reason if isinstance(end, Done) else None,
            upstream_status=self._upstream_status,
            first_event=self._first_event,
            first_answer=self._first_answer,
            thinking=self._thinking,
            upstream_release=self._upstream_release,
            events=events,
            bytes_received=bytes_received,
            usage=self._usage,
        )

    @property
    def _is_unwanted(self) -> bool:
        """The client left; or it said that it wants no more, and others who read are told so."""
        end = self._terminal
        return end is None or (isinstance(end, Error) and end.code == "stopped")

    def _note(self, event: Event, elapsed: float) -> None:
        match event:
            case Thinking() | Response() | ToolCall():
                if self._first_event is None:
                    self._first_event = elapsed
                if self._first_answer is None and not isinstance(event, Thinking):
                    self._first_answer = elapsed
            case ThinkingDone():
                self._thinking = (self._thinking or 0.0) + event.duration
            case Usage():
                self._usage = UsageCounts(
                    event.prompt_tokens,
                    event.completion_tokens,
                    event.total_tokens,
                    event.reasoning_tokens,
                )
            case Done() | Error():
                self._terminal = event
            case _:
                pass
