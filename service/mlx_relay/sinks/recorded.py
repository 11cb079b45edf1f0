"""What a stream was and the bytes it was read from in; the lines of a cassette out.

The format is that of the harness (``docs/harness.md``), so ``fake-mlx serve`` replays them. Pure.

The request is made of facts, not of what was asked: as many messages as there were, all empty. Of
the response head only headers are kept that are on a list. A sink is given the body as the pipeline
reads it, so its framing is not the recorded one: it ends with the connection. A JSON answer was
made an event stream before, so its head is made too.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC
from http import HTTPStatus
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import msgspec

from mlx_relay.sinks.base import Outcome, StreamInfo

SUFFIX = ".cast.jsonl"

KEPT_HEADERS: Final = (
    "cache-control",
    "content-encoding",
    "content-type",
    "retry-after",
    "server",
    "x-accel-buffering",
)
"""Response headers that name nobody; all others are left out."""

_STATUSES: Final = frozenset(HTTPStatus)
_EVENT_STREAM: Final = "text/event-stream"

Ending: TypeAlias = Literal["eof", "timeout", "client-closed"]


class RecordedHead(NamedTuple):
    """The head of the upstream's answer, *at* seconds from the request; names in lower case."""

    at: float
    status: int
    headers: Mapping[str, str]


class Recorded(NamedTuple):
    """One stream: its *reads* are the upstream's bytes, each with its seconds from the request."""

    stream: StreamInfo
    outcome: Outcome
    head: RecordedHead
    reads: list[tuple[float, bytes]]

    @property
    def name(self) -> str:
        """A name that sorts by time."""
        started = self.stream.started_at.astimezone(UTC)
        return f"{started:%Y%m%d_%H%M%S}_{self.stream.stream_id[:12]}"


def encode_cassette(recorded: Recorded) -> bytes:
    """Return the file of *recorded*."""
    return b"".join(msgspec.json.encode(record) + b"\n" for record in _records(recorded))


def _records(recorded: Recorded) -> Iterator[dict[str, Any]]:
    last = max([recorded.head.at, recorded.outcome.seconds, *(at for at, _ in recorded.reads)])
    yield _header(recorded)
    yield {"t": recorded.head.at, "head": True}
    for at, data in recorded.reads:
        yield {"t": at, **_part(data)}
    ending = _ending(recorded.outcome)
    by = {"by": "downstream"} if ending == "client-closed" else {}
    yield {"t": last, "end": ending, **by}


def _header(recorded: Recorded) -> dict[str, Any]:
    body = b"".join(data for _, data in recorded.reads)
    headers, left_out = _headers(recorded.head)
    return {
        "cast": 1,
        "name": recorded.name,
        "recorded_at": recorded.stream.started_at.isoformat(),
        "source": {"server": "mlx-relay", "model": _public(recorded.stream.model)},
        "request": {
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": [["Accept", "text/event-stream"], ["Content-Type", "application/json"]],
            "json": _request(recorded.stream),
        },
        "response": {
            "status": recorded.head.status,
            "headers": headers,
            "http": "1.0",
            "framing": "close",
            "reason": _reason(recorded.head.status),
        },
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "redacted": ["request.json.messages", *left_out],
    }


def _headers(head: RecordedHead) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the headers that are kept, and where those stood that are not."""
    kept = [(name, value) for name, value in head.headers.items() if name in KEPT_HEADERS]
    if head.status == HTTPStatus.OK and _is_json(head):
        kept = [("content-type", _EVENT_STREAM)]
    names = {name for name, _ in kept}
    return kept, [f"response.headers.{name}" for name in sorted(set(head.headers) - names)]


def _is_json(head: RecordedHead) -> bool:
    media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type == "application/json"


def _reason(status: int) -> str:
    return HTTPStatus(status).phrase if status in _STATUSES else ""


def _request(stream: StreamInfo) -> dict[str, Any]:
    return {
        "model": _public(stream.model),
        "messages": [{"role": "user", "content": ""}] * stream.message_count,
        "stream": True,
        **({"max_tokens": stream.max_tokens} if stream.max_tokens else {}),
    }


def _public(model: str) -> str:
    """Return *model*, or the last part of it where it is a path on the upstream's machine."""
    return model.rstrip("/").rpartition("/")[2] if model.startswith(("/", "~", ".")) else model


def _part(data: bytes) -> dict[str, str]:
    try:
        return {"s": data.decode()}
    except UnicodeDecodeError:
        return {"b": base64.b64encode(data).decode()}


def _ending(outcome: Outcome) -> Ending:
    if outcome.kind == "client_gone":
        return "client-closed"
    return "timeout" if outcome.code == "upstream_timeout" else "eof"
