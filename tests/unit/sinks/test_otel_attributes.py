"""The attributes of a span: what is not known is absent."""

from mlx_relay.events import UsageCounts
from mlx_relay.sinks.base import Outcome
from mlx_relay.sinks.otel_attributes import attributes_of_end, attributes_of_stream
from support.values import stream_info


def test_a_stream_has_the_attributes_that_the_conventions_require() -> None:
    attributes = attributes_of_stream(stream_info())
    assert attributes["gen_ai.operation.name"] == "chat"
    assert attributes["gen_ai.provider.name"] == "mlx"
    assert attributes["gen_ai.request.model"] == "m"
    assert "gen_ai.request.max_tokens" not in attributes
    assert "ada" not in attributes.values()


def test_a_stream_that_failed_has_its_code_and_no_usage() -> None:
    outcome = Outcome(kind="error", seconds=1, code="upstream_busy", cause="status")
    assert attributes_of_end(outcome) == {
        "error.type": "upstream_busy",
        "mlx_relay.cause": "status",
        "mlx_relay.outcome": "error",
    }


def test_a_stream_that_is_done_has_its_usage_and_finish_reason() -> None:
    usage = UsageCounts(prompt_tokens=3, completion_tokens=5, reasoning_tokens=2)
    outcome = Outcome(kind="done", seconds=1, finish_reason="stop", first_event=0.5, usage=usage)
    assert attributes_of_end(outcome) == {
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.response.time_to_first_chunk": 0.5,
        "gen_ai.usage.input_tokens": 3,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 2,
        "mlx_relay.outcome": "done",
    }
