"""What a collector gets of a stream, over real OTLP, and which settings are refused."""

from typing import Any

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Response, Thinking, ThinkingDone
from mlx_relay.sinks.base import Outcome
from mlx_relay.sinks.otel import OtelSinks
from support.otlp import attributes_of, collector
from support.values import losses, sink_context, stream_info

CLIENT = 3
ERROR = 2


async def test_a_stream_is_one_span_with_its_first_token_and_the_end_of_its_thinking() -> None:
    async with collector() as server:
        sinks = OtelSinks.from_context(
            sink_context("otel", endpoint=server.url, headers={"x-key": "k"})
        )
        sink = sinks.open(stream_info())
        sink.send([Thinking("secret"), ThinkingDone(1.5)])
        sink.send([Response("secret")])
        await sink.close(Outcome(kind="done", seconds=2, finish_reason="stop"))
        await sinks.close()
        span = await server.span()
    assert (span.name, span.kind, span.status.code) == ("chat m", CLIENT, 0)
    assert [event.name for event in span.events] == ["first_token", "thinking_done"]
    assert attributes_of(span.events[1]) == {"mlx_relay.duration": 1.5}
    assert attributes_of(span)["gen_ai.response.finish_reasons"] == ["stop"]
    assert b"secret" not in span.SerializeToString()
    assert server.resources[0]["service.name"] == "mlx-relay"
    assert server.headers[0]["x-key"] == "k"


async def test_a_stream_that_failed_is_a_span_with_its_code_as_status() -> None:
    async with collector() as server:
        sinks = OtelSinks.from_context(sink_context("otel", endpoint=server.url))
        await sinks.open(stream_info()).close(
            Outcome(kind="error", seconds=1, code="upstream_busy")
        )
        span = await server.span()
        await sinks.close()
    assert (span.status.code, span.status.message) == (ERROR, "upstream_busy")


async def test_a_share_of_no_streams_exports_none() -> None:
    context = sink_context("otel", endpoint="http://127.0.0.1:1", sample_ratio=0)
    sinks = OtelSinks.from_context(context)
    await sinks.open(stream_info()).close(Outcome(kind="done", seconds=1))
    await sinks.close()
    assert losses(context) == {}


async def test_what_a_collector_that_is_away_does_not_get_is_counted_and_it_is_said(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("mlx_relay.sinks.otel.CLOSE_SECONDS", 0.2)
    context = sink_context("otel", endpoint="http://127.0.0.1:1", timeout=0.1)
    sinks = OtelSinks.from_context(context)
    for _ in range(3):
        await sinks.open(stream_info()).close(Outcome(kind="done", seconds=1))
    await sinks.close()
    assert losses(context) == {"spans": 3}
    assert context.health.degraded() == {"otel": "NotExported"}


@pytest.mark.parametrize("settings", [{"sample_ratio": 2}, {"endpiont": ""}, {"timeout": 0}])
def test_a_setting_that_does_not_exist_or_fit_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"sink\.otel: "):
        OtelSinks.from_context(sink_context("otel", **settings))
