"""Deltas and the time in; events out. Knows when a block, a call and the stream end."""

from typing import assert_never

from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Event,
    FinishReason,
    Response,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.pipeline.deltas import (
    Delta,
    DoneDelta,
    ErrorDelta,
    FinishDelta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)
from mlx_relay.pipeline.tool_calls import ToolCalls


class Assembler:
    """Build the events of one stream. Times are seconds of a monotonic clock.

    Contiguous text of one ``feed`` is one event. *ended* is set with the terminal event, and
    everything later is ``[]``. *max_tokens* is the request's limit.
    """

    def __init__(self, *, max_tokens: int | None = None) -> None:
        self.ended = False
        self._max_tokens = max_tokens
        self._events: list[Event] = []
        self._kind: type[Thinking | Response] = Response
        self._texts: list[str] = []
        self._block_began: float | None = None
        self._block_speaks = False
        self._blank: list[str] = []
        self._calls = ToolCalls()
        self._usage: UsageCounts | None = None
        self._finish: FinishReason | None = None
        self._has_output = False

    def feed(self, deltas: list[Delta], at: float) -> list[Event]:
        try:
            for delta in deltas:
                if self.ended:
                    break
                self._take(delta, at)
        except StreamError as failure:
            self._fail(failure, at)
        return self._collect()

    def is_steady(self, kind: type[Response] | type[Thinking]) -> bool:
        """Return whether more text of *kind* would be just an event of it."""
        if kind is Thinking:
            return self._block_speaks
        return self._has_output and self._block_began is None

    def close(self, at: float) -> list[Event]:
        """End the stream at the end of the body: well only if there was a finish reason."""
        if not self.ended:
            if self._finish is None:
                self._fail(self._truncation(), at)
            else:
                self._succeed(at)
        return self._collect()

    def fail(self, failure: StreamError, at: float) -> list[Event]:
        if not self.ended:
            self._fail(failure, at)
        return self._collect()

    def _take(self, delta: Delta, at: float) -> None:
        match delta:
            case TextDelta():
                self._end_block(at)
                self._has_output = True
                self._say(Response, delta.text)
            case ReasoningDelta():
                self._think(delta.text, at)
            case ReasoningStart():
                self._end_block(at)
                self._block_began = at
            case ReasoningEnd():
                self._end_block(at)
            case ToolCallDelta():
                self._end_block(at)
                self._has_output = True
                self._put_calls(self._calls.feed(delta))
            case UsageDelta():
                self._usage = delta.counts
            case FinishDelta():
                self._end_block(at)
                self._put_calls(self._calls.close())
                self._finish = self._finish or delta.reason
            case ErrorDelta():
                self._fail(delta.failure, at)
            case DoneDelta():
                self._take_done(at)
            case _:
                assert_never(delta)

    def _think(self, text: str, at: float) -> None:
        """Hold leading white space of a block: a block of nothing else never was one."""
        self._has_output = True
        if self._block_began is None:
            self._block_began = at
        if not self._block_speaks:
            if text.isspace():
                self._blank.append(text)
                return
            self._block_speaks = True
            text = "".join([*self._blank, text])
            self._blank.clear()
        self._say(Thinking, text)

    def _end_block(self, at: float) -> None:
        if self._block_began is None:
            return
        if self._block_speaks:
            self._put(ThinkingDone(round(max(0.0, at - self._block_began), 1)))
        self._block_began = None
        self._block_speaks = False
        self._blank.clear()

    def _take_done(self, at: float) -> None:
        """A server that failed may send a bare ``[DONE]``: usage tells that it did not."""
        if self._finish is None and self._usage is None:
            self._fail(self._truncation(), at)
        else:
            self._succeed(at)

    def _truncation(self) -> StreamError:
        return StreamError("upstream_truncated", "truncated" if self._has_output else "empty")

    def _succeed(self, at: float) -> None:
        self._end_block(at)
        self._put_calls(self._calls.close())
        self._put_usage()
        self._put(Done(self._finish_reason(), self._usage))
        self.ended = True

    def _fail(self, failure: StreamError, at: float) -> None:
        self._end_block(at)
        self._put_usage()
        self._put(Error.from_failure(failure))
        self.ended = True

    def _finish_reason(self) -> FinishReason:
        """Correct a ``stop``: some servers say it whatever the reason was."""
        if self._finish != "stop":
            return self._finish or "unknown"
        if self._calls.count:
            return "tool_calls"
        produced = self._usage.completion_tokens if self._usage else None
        is_cut = bool(self._max_tokens and produced and produced >= self._max_tokens)
        return "length" if is_cut else "stop"

    def _put_usage(self) -> None:
        if self._usage is not None:
            counts = self._usage
            self._put(
                Usage(
                    counts.prompt_tokens,
                    counts.completion_tokens,
                    counts.total_tokens,
                    counts.reasoning_tokens,
                )
            )

    def _put_calls(self, calls: list[ToolCall]) -> None:
        for call in calls:
            self._put(call)

    def _say(self, kind: type[Thinking | Response], text: str) -> None:
        if kind is not self._kind:
            self._join()
            self._kind = kind
        self._texts.append(text)

    def _put(self, event: Event) -> None:
        self._join()
        self._events.append(event)

    def _join(self) -> None:
        if self._texts:
            self._events.append(self._kind("".join(self._texts)))
            self._texts = []

    def _collect(self) -> list[Event]:
        self._join()
        events, self._events = self._events, []
        return events
