"""What a collector gets of a stream, over real OTLP, and which settings are refused."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Response, Thinking, ThinkingDone
from mlx_relay.sinks.base import Outcome, SinkContext
from mlx_relay.sinks.otel import OtelSettings, OtelSinks
from support.otlp import attributes_of, collector
from support.values import stream_info

CLIENT = 3
ERROR = 2


async def test_a_stream_is_one_span_with_its_first_token_and_the_end_of_its_thinking() -> None:
    async with collector() as server:
        sinks = OtelSinks(OtelSettings(endpoint=server.url, headers={"x-key": "k"}), print)
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
        sinks = OtelSinks(OtelSettings(endpoint=server.url), print)
        await sinks.open(stream_info()).close(
            Outcome(kind="error", seconds=1, code="upstream_busy")
        )
        span = await server.span()
        await sinks.close()
    assert (span.status.code, span.status.message) == (ERROR, "upstream_busy")


async def test_a_share_of_no_streams_exports_none() -> None:
    losses: list[int] = []
    sinks = OtelSinks(OtelSettings(endpoint="http://127.0.0.1:1", sample_ratio=0), losses.append)
    await sinks.open(stream_info()).close(Outcome(kind="done", seconds=1))
    await sinks.close()
    assert losses == []


@pytest.mark.parametrize("settings", [{"sample_ratio": 2}, {"endpiont": ""}, {"timeout": 0}])
def test_a_setting_that_does_not_exist_or_fit_is_refused(
    settings: dict[str, object], tmp_path: Path
) -> None:
    context = SinkContext(settings=settings, data_dir=tmp_path, registry=CollectorRegistry())
    with pytest.raises(ConfigurationError, match=r"sink\.otel: "):
        OtelSinks.from_context(context)
