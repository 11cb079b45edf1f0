"""Values that many tests need and none is about."""

from datetime import UTC, datetime

from mlx_relay.sinks import StreamInfo


def stream_info(profile: str = "qwen") -> StreamInfo:
    return StreamInfo(
        stream_id="s1",
        user_id=1,
        user="ada",
        profile_id=2,
        profile=profile,
        model="m",
        started_at=datetime(2026, 1, 2, tzinfo=UTC),
        message_count=1,
    )


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
