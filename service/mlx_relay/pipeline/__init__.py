"""The pipeline: an upstream's bytes in, typed events out. No I/O, no clock, no logging.

bytes -> ``sse`` messages -> ``chunks`` deltas -> ``reasoning`` deltas -> ``assemble`` events

Laws: any split of the bytes gives the same result; exactly one terminal event, last; nothing that
the upstream sends can raise; memory and output are bounded.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlx_relay.errors import StreamError
from mlx_relay.events import Event
from mlx_relay.pipeline.assemble import Assembler
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.chunks import Chunks
from mlx_relay.pipeline.deltas import Delta, TextDelta
from mlx_relay.pipeline.families import (
    UnknownParser,
    check_parser,
    find_families,
    parser_names,
)
from mlx_relay.pipeline.plain import read_plain
from mlx_relay.pipeline.reasoning import MarkedReasoning
from mlx_relay.pipeline.sse import Decoder, Message
from mlx_relay.pipeline.trace import Trace

__all__ = ["Pipeline", "UnknownParser", "check_parser", "parser_names"]

MAX_STREAM_BYTES: Final = 64 * 1024 * 1024
"""What one upstream may send in one stream."""

MAX_STREAM_EVENTS: Final = 200_000
"""So many events end a stream, however few bytes they took."""


class Pipeline:
    """Read one stream of one upstream.

    *ended* says that the terminal event is out. *progress* counts the pieces of text, reasoning and
    calls that came, held back or not.

    *reasoning_parser* and *tool_parser* are names of families (UnknownParser if they are not);
    *starts_in_thinking* overrides the family's own rule; *tools* are the request's schemas, which
    type the arguments of calls found in text; *max_tokens* is the request's limit; *trace* is told
    which rule of which family did something, just before the events that it led to come out.
    """

    def __init__(
        self,
        *,
        reasoning_parser: str | None = "auto",
        tool_parser: str | None = None,
        starts_in_thinking: bool | None = None,
        tools: Sequence[Mapping[str, Any]] | None = None,
        max_tokens: int | None = None,
        trace: Trace | None = None,
    ) -> None:
        family = find_families(reasoning_parser, tool_parser, starts_in_thinking=starts_in_thinking)
        self._decoder = Decoder(legacy_errors=True)
        self._chunks = Chunks()
        self._reasoning = MarkedReasoning(
            family, starts_in_thinking=starts_in_thinking, tools=Tools(tools), trace=trace
        )
        self._assembler = Assembler(max_tokens=max_tokens)
        self.ended = False
        self.progress = 0
        self._bytes_left = MAX_STREAM_BYTES
        self._events_left = MAX_STREAM_EVENTS

    @property
    def skipped(self) -> int:
        """Messages that were not JSON objects and were passed over."""
        return self._chunks.skipped

    def feed(self, data: bytes, at: float) -> list[Event]:
        """Return what *data*, read at *at* (seconds, monotonic), adds; [] after the end."""
        if self.ended:
            return []
        events = self._take_plain(data, at)
        if events is None:
            events = self._advance(self._decoder.feed(data[: self._bytes_left]), at)
        self.progress = self._chunks.progress
        self._bytes_left -= len(data)
        self._events_left -= len(events)
        if self._bytes_left < 0 or self._events_left < 0:
            events += self.fail(StreamError("limit_exceeded", "upstream_limit"), at)
        return events

    def close(self, at: float) -> list[Event]:
        """Return what the end of the body adds: at least the terminal event, if it is not out."""
        events = self._advance(self._decoder.close(), at)
        events += self._assembler.feed(self._reasoning.close(), at)
        events += self._assembler.close(at)
        self.ended = True
        return events

    def fail(self, failure: StreamError, at: float) -> list[Event]:
        """End the stream with *failure*; what was held back goes out before it."""
        events = self._assembler.feed(self._reasoning.close(), at)
        events += self._assembler.fail(failure, at)
        self.ended = True
        return events

    def _take_plain(self, data: bytes, at: float) -> list[Event] | None:
        """Take *data* on the short way if it is one message with one piece of text; else None.

        Nearly every read is such a one, and what it costs is calls: each stage is asked whether the
        piece just passes. The laws hold both ways, for any other split takes the long one.
        """
        message = self._decoder.peek(data)
        if message is None or len(data) > self._bytes_left:
            return None
        plain = read_plain(message)
        if plain is None:
            return None
        self._chunks.progress += 1
        self._chunks.is_in_text = isinstance(plain, TextDelta)
        delta = self._reasoning.passes(plain)
        if delta is None:
            return self._assembler.feed(self._reasoning.feed(plain), at)
        event = self._assembler.passes(delta)
        return self._assembler.feed([delta], at) if event is None else [event]

    def _advance(self, messages: list[Message], at: float) -> list[Event]:
        deltas: list[Delta] = []
        for message in messages:
            for delta in self._chunks.feed(message):
                deltas += self._reasoning.feed(delta)
        events = self._assembler.feed(deltas, at)
        self.ended = self._assembler.ended
        if self._decoder.failure:
            events += self.fail(self._decoder.failure, at)
        return events
