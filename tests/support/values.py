"""Values that many tests need and none is about."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from mlx_relay.sinks import SinkContext, StreamInfo
from mlx_relay.sinks.health import SinkHealth


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


def sink_context(name: str, data_dir: Path = Path(), **settings: Any) -> SinkContext:
    """Return what the sink *name* is built from, with a registry of its own."""
    registry = CollectorRegistry()
    return SinkContext(
        settings=settings,
        data_dir=data_dir,
        registry=registry,
        name=name,
        health=SinkHealth(registry),
    )


def losses(context: SinkContext) -> dict[str, int]:
    """Return what the sink of *context* has lost, by what it is."""
    return {
        sample.labels["what"]: int(sample.value)
        for metric in context.registry.collect()
        for sample in metric.samples
        if sample.name == "mlx_relay_sink_lost_total" and sample.labels["sink"] == context.name
    }


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
