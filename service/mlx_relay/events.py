"""The vocabulary of a stream: what can happen in it, one class per meaning.

The class IS the wire format: ``encode(ThinkingDone(3.2))`` is
``b'{"type":"thinking_done","duration":3.2}'``. An absent field is absent, never null.
Order law: ``Start`` first, exactly one ``Error`` or ``Done``, last.
"""

from typing import Literal, TypeAlias

import msgspec

from mlx_relay.errors import StreamError

FinishReason: TypeAlias = Literal["stop", "length", "tool_calls", "unknown"]


class Event(
    msgspec.Struct, frozen=True, omit_defaults=True, tag_field="type", tag=True, kw_only=False
):
    """The base of all events."""


class Start(Event, frozen=True, tag="start"):
    """The stream is open; nothing was asked of the upstream yet."""

    stream_id: str
    profile: str
    model: str


class Status(Event, frozen=True, tag="status"):
    """Something slow happens before the first token; *position* counts from 1 in the queue."""

    phase: Literal["queued", "waiting"]
    position: int | None = None


class Thinking(Event, frozen=True, tag="thinking"):
    """A piece of reasoning; *content* is never empty."""

    content: str


class ThinkingDone(Event, frozen=True, tag="thinking_done"):
    """A reasoning block ended; *duration* in seconds, monotonic clock, one decimal."""

    duration: float


class Response(Event, frozen=True, tag="response"):
    """A piece of the answer; *content* is never empty."""

    content: str


class ToolCall(Event, frozen=True, tag="tool_call"):
    """One complete call; *arguments* is JSON text."""

    index: int
    id: str
    name: str
    arguments: str


class Usage(Event, frozen=True, tag="usage"):
    """Token counts as the upstream reported them; what it did not send is absent."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None


class Error(Event, frozen=True, tag="error"):
    """Terminal: the stream failed. *content* is a sentence for a person."""

    content: str
    code: str
    retryable: bool
    detail: str | None = None

    @classmethod
    def from_failure(cls, failure: StreamError) -> "Error":
        return cls(failure.sentence, failure.code, failure.retryable, failure.cause)


class UsageCounts(msgspec.Struct, frozen=True, omit_defaults=True):
    """The counts of a ``Usage`` event as they stand inside ``Done``."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    reasoning_tokens: int | None = None


class Done(Event, frozen=True, tag="done"):
    """Terminal: the upstream finished."""

    finish_reason: FinishReason
    usage: UsageCounts | None = None


AnyEvent: TypeAlias = (
    Start | Status | Thinking | ThinkingDone | Response | ToolCall | Usage | Error | Done
)

encode = msgspec.json.Encoder().encode
"""Return an event as one line of JSON."""

_decoder: msgspec.json.Decoder[AnyEvent] = msgspec.json.Decoder(AnyEvent)


def decode(data: bytes | str) -> AnyEvent:
    """Return the event that *data* holds; raises ``msgspec.ValidationError`` for anything else."""
    return _decoder.decode(data)
