"""The pipeline: an upstream's bytes in, typed events out. No I/O, no clock, no logging.

bytes -> ``sse`` messages -> ``chunks`` deltas -> ``reasoning`` deltas -> ``assemble`` events

Laws: any split of the bytes gives the same result; exactly one terminal event, last; nothing that
the upstream sends can raise; memory and output are bounded.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mlx_relay.errors import StreamError
from mlx_relay.events import Event, Response, Thinking
from mlx_relay.pipeline.assemble import Assembler
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.chunks import Chunks
from mlx_relay.pipeline.deltas import Delta
from mlx_relay.pipeline.families import (
    UnknownParser,
    check_parser,
    find_families,
    parser_names,
)
from mlx_relay.pipeline.pieces import Pieces
from mlx_relay.pipeline.reasoning import MarkedReasoning
from mlx_relay.pipeline.short_way import MAX_READ_BYTES, ShortWay
from mlx_relay.pipeline.sse import Decoder, Message
from mlx_relay.pipeline.trace import Trace

__all__ = ["Pipeline", "ShortWay", "UnknownParser", "check_parser", "parser_names"]

MAX_STREAM_BYTES: Final = 64 * 1024 * 1024
"""What one upstream may send in one stream."""

MAX_STREAM_EVENTS: Final = 200_000
"""So many events end a stream, however few bytes they took."""


class Pipeline:
    """Read one stream of one upstream.

    *ended* says that the terminal event is out; *progressed* that the last ``feed`` brought text,
    reasoning or calls, held back or not. While there is a *short_way*, its ``take`` may be asked
    first; the two feeds open it, change it and close it.

    *reasoning_parser* and *tool_parser* are names of families (UnknownParser if they are not);
    *starts_in_thinking* overrides the family's own rule; *tools* are the request's schemas, which
    type the arguments of calls found in text; *max_tokens* is the request's limit; *trace* is told
    which rule of which family did something, just before the events that it led to come out.
    """

    __slots__ = (
        "_assembler",
        "_bytes_left",
        "_chunks",
        "_decoder",
        "_events_left",
        "_pieces",
        "_reasoning",
        "ended",
        "progressed",
        "short_way",
    )

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
        self._pieces = {in_field: Pieces(in_field=in_field) for in_field in (False, True)}
        self._chunks = Chunks()
        self._reasoning = MarkedReasoning(
            family, starts_in_thinking=starts_in_thinking, tools=Tools(tools), trace=trace
        )
        self._assembler = Assembler(max_tokens=max_tokens)
        self.ended = False
        self.progressed = False
        self.short_way: ShortWay | None = None
        self._bytes_left = MAX_STREAM_BYTES
        self._events_left = MAX_STREAM_EVENTS

    @property
    def bytes_received(self) -> int:
        """What came of the upstream's body."""
        taken = self.short_way.bytes_taken if self.short_way else 0
        return MAX_STREAM_BYTES - self._bytes_left + taken

    @property
    def skipped(self) -> int:
        """Messages that were not JSON objects and were passed over."""
        return self._chunks.skipped

    def feed(self, data: bytes, at: float) -> list[Event]:
        """Return what *data*, read at *at* (seconds, monotonic), adds; [] after the end."""
        if self.short_way and (event := self.short_way.take(data)):
            self.progressed = True
            return [event]
        return self.feed_long_way(data, at)

    def feed_long_way(self, data: bytes, at: float) -> list[Event]:
        """Return what ``feed`` does, for a caller whom the short way gave nothing."""
        if self.ended:
            return []
        self._leave_short_way()
        before = self._chunks.progress
        events = self._advance(self._decoder.feed(data[: self._bytes_left]), at)
        self.progressed = self._chunks.progress != before
        self._bytes_left -= len(data)
        self._events_left -= len(events)
        if self._bytes_left < 0 or self._events_left < 0:
            events += self.fail(StreamError("limit_exceeded", "upstream_limit"), at)
        self.short_way = self._find_short_way()
        return events

    def close(self, at: float) -> list[Event]:
        """Return what the end of the body adds: at least the terminal event, if it is not out."""
        events = self._advance(self._decoder.close(), at)
        events += self._assembler.feed(self._reasoning.close(), at)
        events += self._assembler.close(at)
        self._end()
        return events

    def fail(self, failure: StreamError, at: float) -> list[Event]:
        """End the stream with *failure*; what was held back goes out before it."""
        events = self._assembler.feed(self._reasoning.close(), at)
        events += self._assembler.fail(failure, at)
        self._end()
        return events

    def _end(self) -> None:
        self.ended = True
        self._leave_short_way()

    def _leave_short_way(self) -> None:
        if self.short_way:
            self.short_way.close()
            self._bytes_left -= self.short_way.bytes_taken
            self._events_left -= self.short_way.reads_taken
            self.short_way = None

    def _find_short_way(self) -> ShortWay | None:
        """The laws hold on it as well: any other split of the bytes takes the long one."""
        voice = self._reasoning.steady if self._decoder.is_between and not self.ended else None
        if voice is None:
            return None
        kind = Thinking if voice.is_thinking else Response
        in_field = self._reasoning.in_field
        is_steady = self._assembler.is_steady(kind) and self._chunks.is_in_text is not in_field
        reads = min(self._events_left, self._bytes_left // MAX_READ_BYTES)
        return ShortWay(voice, kind, self._pieces[in_field], reads=reads) if is_steady else None

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
