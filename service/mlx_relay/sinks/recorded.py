"""What a stream was and the bytes it was read from in; the lines of a cassette out.

The format is that of the harness (``docs/harness.md``), so ``fake-mlx serve`` replays them. Pure.

The request is made of facts, not of what was asked: as many messages as there were, all empty. The
response head is made too, because a sink is given the body as the pipeline reads it: an event
stream whose end is the end of the connection.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from datetime import UTC
from typing import Any, Literal, NamedTuple, TypeAlias

from mlx_relay.sinks.base import Outcome, StreamInfo

SUFFIX = ".cast.jsonl"

Ending: TypeAlias = Literal["eof", "timeout", "client-closed"]


class Recorded(NamedTuple):
    """One stream: its *reads* are the upstream's bytes, each with its seconds from the request."""

    stream: StreamInfo
    outcome: Outcome
    reads: list[tuple[float, bytes]]

    @property
    def name(self) -> str:
        """A name that sorts by time."""
        started = self.stream.started_at.astimezone(UTC)
        return f"{started:%Y%m%d_%H%M%S}_{self.stream.stream_id[:12]}"


def encode_cassette(recorded: Recorded) -> bytes:
    """Return the file of *recorded*, which has at least one read."""
    return b"".join(
        json.dumps(record, separators=(",", ":")).encode() + b"\n" for record in _records(recorded)
    )


def _records(recorded: Recorded) -> Iterator[dict[str, Any]]:
    first = recorded.reads[0][0]
    last = max(recorded.reads[-1][0], recorded.outcome.seconds)
    yield _header(recorded)
    yield {"t": first, "head": True}
    for at, data in recorded.reads:
        yield {"t": at, **_part(data)}
    ending = _ending(recorded.outcome)
    by = {"by": "downstream"} if ending == "client-closed" else {}
    yield {"t": last, "end": ending, **by}


def _header(recorded: Recorded) -> dict[str, Any]:
    body = b"".join(data for _, data in recorded.reads)
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
            "status": 200,
            "headers": [["Content-Type", "text/event-stream"]],
            "http": "1.0",
            "framing": "close",
            "reason": "OK",
        },
        "bytes": len(body),
        "sha256": hashlib.sha256(body).hexdigest(),
        "redacted": ["request.json.messages", "response.headers"],
    }


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
