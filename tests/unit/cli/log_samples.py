"""Ends of streams for the tests of ``mlx-relay logs``."""

from datetime import UTC, datetime, timedelta
from typing import Any

from mlx_relay.events import UsageCounts
from mlx_relay.sinks.records import StreamEnded

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def end(stream_id: str, minute: int = 0, tokens: int | None = None, **fields: Any) -> StreamEnded:
    """Return the end of a stream of ada's with the profile qwen, *minute* minutes after noon."""
    given = {"user": "ada", "profile": "qwen", "kind": "done", **fields}
    return StreamEnded(
        ts=NOON + timedelta(minutes=minute),
        stream_id=stream_id,
        user_id=1,
        profile_id=2,
        model="m",
        started_at=NOON,
        message_count=1,
        usage=UsageCounts(completion_tokens=tokens) if tokens is not None else None,
        **given,
    )
