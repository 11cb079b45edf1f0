"""The real service sends spans to a collector, which is away at first."""

from pathlib import Path

from support.otlp import attributes_of, collector
from support.processes import Service
from support.relay import relay_service
from support.sink_state import wait_for_status

MODEL = "mlx_openai_server/no_think_plain"


async def test_a_collector_that_refused_at_first_gets_the_span_of_every_stream(
    fake: Service, tmp_path: Path
) -> None:
    async with collector() as server:
        server.refusals = 1000
        config = tmp_path / "relay.toml"
        config.write_text(
            f'sinks = ["otel"]\n[sink.otel]\nendpoint = "{server.url}"\ntimeout = 0.5\n'
        )
        with relay_service(tmp_path / "data", "--config", str(config)) as relay:
            async with relay.session() as session:
                endings = {}
                for name, port in (("good", fake.port), ("dead", 1)):
                    profile_id = await relay.add_profile(
                        session, name=name, host="127.0.0.1", port=port, model_path=MODEL
                    )
                    endings[name] = (await relay.chat(session, profile_id))[-1]
                state = await wait_for_status(session, "degraded")
                assert state["sinks"] == {"otel": "NotExported"}
                server.refusals = 0
                await wait_for_status(session, "ready")
            spans = [await server.span(), await server.span()]
    found = {attributes_of(span)["mlx_relay.profile"]: attributes_of(span) for span in spans}
    assert found["good"]["mlx_relay.outcome"] == "done"
    tokens = endings["good"]["usage"]["completion_tokens"]
    assert found["good"]["gen_ai.usage.output_tokens"] == tokens
    assert found["dead"]["error.type"] == "upstream_unreachable"
