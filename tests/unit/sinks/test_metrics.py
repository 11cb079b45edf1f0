"""The metrics: what each outcome moves, and that labels stay bounded."""

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import (
    Done,
    Event,
    Response,
    Start,
    Status,
    Thinking,
    ThinkingDone,
    UsageCounts,
)
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.metrics import MAX_CAUSES, MAX_PROFILES, MetricsSink, MetricsSinks
from support.values import Clock, sink_context, stream_info

GEN_AI = {"gen_ai_operation_name": "chat", "gen_ai_provider_name": "mlx", "profile": "qwen"}
GAPS = "gen_ai_client_operation_time_per_output_chunk_seconds"
DONE = Outcome(kind="done", seconds=1)


class Scene:
    """One stream on a clock that stands still, and what its metrics say."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.clock = Clock()
        self.sinks = MetricsSinks(self.registry, self.clock)
        self.sink: MetricsSink = self.sinks.open(stream_info())

    def send(self, at: float, *events: Event) -> None:
        self.clock.now = at
        self.sink.send(events)

    def gen_ai(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"gen_ai_{name}", GEN_AI | labels)

    def relay(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"mlx_relay_{name}", {"profile": "qwen"} | labels)


async def test_a_finished_stream_moves_its_counters_and_histograms() -> None:
    scene = Scene()
    assert scene.relay("active_streams") == 1
    scene.send(1.0, Start("s", "p", "m"))
    scene.send(2.0, Thinking("a"))
    scene.send(3.0, Done("stop"))
    usage = UsageCounts(prompt_tokens=5, completion_tokens=9, reasoning_tokens=3)
    await scene.sink.close(
        Outcome(
            kind="done", seconds=3, first_event=1.0, first_answer=2.0, thinking=1.5, usage=usage
        )
    )
    assert scene.relay("active_streams") == 0
    assert scene.relay("streams_total", outcome="done") == 1
    assert scene.gen_ai("server_request_duration_seconds_sum") == 3
    assert scene.gen_ai("server_time_to_first_token_seconds_sum") == 1
    assert scene.relay("time_to_first_answer_seconds_sum") == 2
    assert scene.relay("thinking_seconds_sum") == 1.5
    assert scene.gen_ai("client_token_usage_sum", gen_ai_token_type="input") == 5
    assert scene.gen_ai("client_token_usage_sum", gen_ai_token_type="output") == 9
    assert scene.relay("reasoning_tokens_total") == 3
    assert scene.gen_ai("server_time_per_output_token_seconds_sum") == 0.25
    assert scene.relay("tokens_per_second_sum") == 4


async def test_gaps_lie_between_batches_with_output() -> None:
    scene = Scene()
    scene.send(0.5, Start("s", "p", "m"))
    scene.send(1.0, Thinking("a"))
    scene.send(1.2, ThinkingDone(0.2))
    scene.send(1.5, ThinkingDone(0.2), Response("b"))
    scene.send(2.0, Done("stop"))
    await scene.sink.close(DONE)
    total = scene.registry.get_sample_value(f"{GAPS}_sum", GEN_AI)
    count = scene.registry.get_sample_value(f"{GAPS}_count", GEN_AI)
    assert (total, count) == (0.5, 1)


async def test_gaps_of_a_long_stream_are_known_before_it_ends() -> None:
    scene = Scene()
    for at in (1.0, 1.4, 1.8, 2.2):
        scene.send(at, Response("a"))
    assert scene.registry.get_sample_value(f"{GAPS}_count", GEN_AI) == 3


async def test_what_an_upstream_did_not_count_is_not_counted() -> None:
    scene = Scene()
    await scene.sink.close(Outcome(kind="done", seconds=2, first_event=1, usage=UsageCounts()))
    assert scene.gen_ai("client_token_usage_count", gen_ai_token_type="output") is None
    assert scene.gen_ai("server_time_per_output_token_seconds_count") is None


@pytest.mark.parametrize("tokens", [0, 1])
async def test_a_single_token_has_no_speed(tokens: int) -> None:
    scene = Scene()
    usage = UsageCounts(completion_tokens=tokens)
    await scene.sink.close(Outcome(kind="done", seconds=2, first_event=1, usage=usage))
    assert scene.relay("tokens_per_second_count") is None


async def test_an_error_is_counted_by_code_and_cause() -> None:
    scene = Scene()
    await scene.sink.close(Outcome(kind="error", seconds=1, code="upstream_timeout", cause="idle"))
    assert scene.relay("stream_errors_total", code="upstream_timeout", cause="idle") == 1


async def test_the_release_of_the_upstream_is_measured_where_the_client_left() -> None:
    scene = Scene()
    await scene.sink.close(Outcome(kind="client_gone", seconds=1, upstream_release=0.25))
    assert scene.relay("upstream_release_seconds_sum") == 0.25
    await scene.sinks.open(stream_info()).close(DONE)
    assert scene.relay("upstream_release_seconds_count") == 1


@pytest.mark.parametrize("after", [Status("waiting"), Response("a"), None])
async def test_a_stream_is_queued_until_something_else_happens(after: Event | None) -> None:
    scene = Scene()
    scene.send(0.0, Start("s", "p", "m"), Status("queued", position=2))
    scene.send(0.1, Status("queued", position=1))
    assert scene.relay("queued_streams") == 1
    if after is None:
        await scene.sink.close(DONE)
    else:
        scene.send(1.0, after)
    assert scene.relay("queued_streams") == 0


async def test_made_up_profiles_do_not_grow_the_metrics() -> None:
    scene = Scene()
    for number in range(MAX_PROFILES + 49):
        sink = scene.sinks.open(stream_info(f"p{number}"))
        await sink.close(Outcome(kind="client_gone", seconds=0))
    assert scene.relay("streams_total", profile="other", outcome="client_gone") == 50


async def test_made_up_causes_do_not_grow_the_metrics() -> None:
    scene = Scene()
    for number in range(MAX_CAUSES + 50):
        outcome = Outcome(kind="error", seconds=0, code="internal", cause=f"c{number}")
        await scene.sinks.open(stream_info()).close(outcome)
    assert scene.relay("stream_errors_total", code="internal", cause="other") == 50


def test_a_setting_is_refused_because_there_is_none() -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.metrics: .*`x`"):
        MetricsSinks.from_context(sink_context("metrics", x=1))
