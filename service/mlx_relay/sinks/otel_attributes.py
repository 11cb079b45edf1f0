"""What is known of a stream in; the attributes of its span out. Pure: no text of the chat."""

from collections.abc import Mapping

from mlx_relay.sinks.base import Outcome, StreamInfo

OPERATION = "chat"
PROVIDER = "mlx"

Value = str | bool | int | float | list[str]


def attributes_of_stream(stream: StreamInfo) -> dict[str, Value]:
    """Return what is known when a stream opens; the user is a number, not a name."""
    return _known(
        {
            "gen_ai.operation.name": OPERATION,
            "gen_ai.provider.name": PROVIDER,
            "gen_ai.request.model": stream.model,
            "gen_ai.request.max_tokens": stream.max_tokens,
            "gen_ai.request.stream": True,
            "mlx_relay.stream.id": stream.stream_id,
            "mlx_relay.profile": stream.profile,
            "user.id": str(stream.user_id),
        }
    )


def attributes_of_end(outcome: Outcome) -> dict[str, Value]:
    """Return what is known when a stream ended."""
    usage, reason = outcome.usage, outcome.finish_reason
    return _known(
        {
            "gen_ai.response.finish_reasons": [reason] if reason else None,
            "gen_ai.response.time_to_first_chunk": outcome.first_event,
            "gen_ai.usage.input_tokens": usage.prompt_tokens if usage else None,
            "gen_ai.usage.output_tokens": usage.completion_tokens if usage else None,
            "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens if usage else None,
            "error.type": outcome.code,
            "http.response.status_code": outcome.upstream_status,
            "mlx_relay.cause": outcome.cause,
            "mlx_relay.outcome": outcome.kind,
        }
    )


def _known(values: Mapping[str, Value | None]) -> dict[str, Value]:
    return {name: value for name, value in values.items() if value is not None}
