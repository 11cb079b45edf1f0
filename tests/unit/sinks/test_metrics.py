"""The metrics: what each outcome moves, and that labels stay bounded."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Done, Error, Response, Start, Thinking, UsageCounts
from mlx_relay.sinks import Outcome, SinkContext
from mlx_relay.sinks.metrics import MAX_PROFILES, MetricsSinks
from support.values import stream_info


class Clock:
    """A clock that a test moves by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_finished_stream_moves_its_counters_and_histograms() -> None:
    registry, clock = CollectorRegistry(), Clock()
    sink = MetricsSinks(registry, clock).open(stream_info())
    assert registry.get_sample_value("mlx_relay_active_streams", {"profile": "qwen"}) == 1
    sink.send([Start("s", "p", "m")])
    for at in (1.0, 1.5, 2.5):
        clock.now = at
        sink.send([Thinking("a")])
    sink.send([Done("stop")])
    usage = UsageCounts(prompt_tokens=5, completion_tokens=7)
    await sink.close(
        Outcome(
            kind="done", seconds=3, first_event=1.0, first_answer=2.0, thinking=1.5, usage=usage
        )
    )

    def value(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"mlx_relay_{name}", {"profile": "qwen", **labels})

    assert value("active_streams") == 0
    assert value("streams_total", outcome="done") == 1
    assert value("event_gap_seconds_count") == 2
    assert value("event_gap_seconds_sum") == 1.5
    assert value("time_to_first_event_seconds_sum") == 1.0
    assert value("time_to_first_answer_seconds_sum") == 2.0
    assert value("thinking_seconds_sum") == 1.5
    assert value("tokens_total", kind="prompt") == 5
    assert value("tokens_total", kind="completion") == 7
    assert value("tokens_total", kind="reasoning") is None


async def test_an_error_is_counted_by_code_and_cause() -> None:
    registry = CollectorRegistry()
    sink = MetricsSinks(registry).open(stream_info())
    sink.send([Response("a"), Error("x", "upstream_timeout", retryable=True, detail="idle")])
    await sink.close(Outcome(kind="error", seconds=1))
    labels = {"profile": "qwen", "code": "upstream_timeout", "cause": "idle"}
    assert registry.get_sample_value("mlx_relay_stream_errors_total", labels) == 1


async def test_made_up_profiles_do_not_grow_the_metrics() -> None:
    registry = CollectorRegistry()
    sinks = MetricsSinks(registry)
    for number in range(MAX_PROFILES + 50):
        await sinks.open(stream_info(f"p{number}")).close(Outcome(kind="client_gone", seconds=0))
    labels = {"profile": "other", "outcome": "client_gone"}
    assert registry.get_sample_value("mlx_relay_streams_total", labels) == 50


def test_a_setting_is_refused_because_there_is_none(tmp_path: Path) -> None:
    context = SinkContext(settings={"x": 1}, data_dir=tmp_path, registry=CollectorRegistry())
    with pytest.raises(ConfigurationError, match=r"sink\.metrics\.x"):
        MetricsSinks.from_context(context)
