"""What happened to a stream in; its records, one line of JSON each, out. Pure. For every sink.

The classes ARE the format (``mlx-relay logs --schema`` prints it). What a record holds is chosen
here, by name: a field that a stream gains one day is not logged until it is added. A line never
has a prompt; an answer only in ``Texts`` and ``Events``. Fields may be added: ignore unknown ones.
"""

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from mlx_relay.events import AnyEvent, ToolCall, UsageCounts
from mlx_relay.sinks.base import Outcome, StreamInfo

RecordedKind: TypeAlias = Literal["done", "error", "client_gone", "lost"]
"""How a stream ended; ``lost`` when its process died, or the disk took no record of its end."""

LossCause: TypeAlias = Literal["killed", "not_logged"]


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="record"):
    """The base of all records; *ts* is UTC wall time, when the record was made."""

    ts: datetime


class StreamRecord(Record, frozen=True, kw_only=True):
    """Who asked what; both ends of a stream say it, so that each can be read alone."""

    stream_id: str
    user_id: int
    user: str
    profile_id: int
    profile: str
    model: str
    started_at: datetime
    message_count: int
    image_count: int = 0
    tool_count: int = 0
    max_tokens: int | None = None


class StreamStarted(StreamRecord, frozen=True, kw_only=True, tag="stream_started"):
    """A stream opened. A file begins with those of the streams open at that time, once more."""


class Events(Record, frozen=True, kw_only=True, tag="events"):
    """A batch of events, as the wire has them; *first* is the number of the first of them."""

    stream_id: str
    first: int
    events: list[AnyEvent]


class Texts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was said in a stream; *is_cut* when it was more than the log keeps."""

    thinking: str = ""
    response: str = ""
    tool_calls: list[ToolCall] = []
    is_cut: bool = False


class StreamEnded(StreamRecord, frozen=True, kw_only=True, tag="stream_ended"):
    """A stream ended: exactly one for each that started. See Outcome for times and counts.

    Of a stream that was ``lost`` only the *cause* is known: ``killed`` or ``not_logged``.
    """

    kind: RecordedKind
    seconds: float | None = None
    code: str | None = None
    cause: str | None = None
    finish_reason: str | None = None
    upstream_status: int | None = None
    first_event: float | None = None
    first_answer: float | None = None
    thinking: float | None = None
    events: int = 0
    bytes_received: int = 0
    usage: UsageCounts | None = None
    text: Texts | None = None


class LogGap(Record, frozen=True, kw_only=True, tag="log_gap"):
    """Before this record *lost* records found no room, because the disk took nothing."""

    lost: int


AnyRecord: TypeAlias = StreamStarted | Events | StreamEnded | LogGap

_ABOUT_STREAM = frozenset(StreamRecord.__struct_fields__) - {"ts"}
_ABOUT_END = frozenset(StreamEnded.__struct_fields__) - frozenset(StreamRecord.__struct_fields__)
_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def started(stream: StreamInfo, ts: datetime) -> StreamStarted:
    return StreamStarted(ts=ts, **_chosen(stream, _ABOUT_STREAM))


def ended(stream: StreamInfo, outcome: Outcome, text: Texts | None, ts: datetime) -> StreamEnded:
    about_end = _chosen(outcome, _ABOUT_END - {"text"})
    return StreamEnded(ts=ts, text=text, **_chosen(stream, _ABOUT_STREAM), **about_end)


def lost(start: StreamStarted, cause: LossCause, ts: datetime) -> StreamEnded:
    """Return the end of a stream of which nothing is known but its start."""
    about = _chosen(start, _ABOUT_STREAM)
    return StreamEnded(ts=ts, kind="lost", code="internal", cause=cause, **about)


def encode_line(record: AnyRecord) -> bytes:
    return _encoder.encode(record) + b"\n"


def decode_line(line: bytes) -> AnyRecord:
    """Return the record that *line* holds; raises ``msgspec.DecodeError`` for anything else."""
    return _decoder.decode(line)


def is_end(line: bytes) -> bool:
    """Tell an end from other lines without decoding it: the tag comes first."""
    return line.startswith(b'{"record":"stream_ended"')


def schema() -> dict[str, Any]:
    """Return the JSON schema of a line."""
    return msgspec.json.schema(AnyRecord)


def _chosen(source: msgspec.Struct, names: frozenset[str]) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}
