"""What OpenAI's own client needs to talk to a relay, and what it says of a whole stream."""

import json
from typing import Any

import msgspec
from openai import APIError, APIStatusError, LengthFinishReasonError, OpenAI
from openai.lib.streaming.chat import ChatCompletionStream
from openai.types.chat import ChatCompletion

from support.relay import Events, RelayService, text_of


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """What a client made of one answer; *error* is a code of ours, or a sentence without one."""

    thinking: str = ""
    text: str = ""
    calls: list[tuple[str, Any]] = []
    finish_reason: str | None = None
    tokens: int | None = None
    error: str | None = None


def key_of(relay: RelayService) -> str:
    return relay.headers["Authorization"].removeprefix("Bearer ")


def openai_client(relay: RelayService, **options: Any) -> OpenAI:
    """Return a client that does not try again by itself, unless *options* say so."""
    settings = {"max_retries": 0, "timeout": 60, **options}
    return OpenAI(base_url=f"{relay.url}/v1", api_key=key_of(relay), **settings)


def heard_typed(events: Events) -> Heard:
    """Return what our own typed stream says, in the same terms."""
    last = events[-1]
    is_done = last["type"] == "done"
    reason = last["finish_reason"] if is_done else None
    calls = [event for event in events if event["type"] == "tool_call"]
    return Heard(
        thinking=text_of(events, "thinking"),
        text=text_of(events, "response"),
        calls=[(call["name"], loosely(call["arguments"])) for call in calls],
        finish_reason="stop" if reason == "unknown" else reason,
        tokens=last.get("usage", {}).get("completion_tokens"),
        error=None if is_done else last["code"],
    )


def hear(client: OpenAI, model: str, **fields: Any) -> Heard:
    """Stream one chat through the client's streaming helper."""
    heard: dict[str, Any] = {"thinking": "", "text": ""}
    messages = fields.pop("messages", [{"role": "user", "content": "Hello!"}])
    options: Any = {"include_usage": True}
    try:
        with client.chat.completions.stream(
            model=model, messages=messages, stream_options=options, **fields
        ) as stream:
            for event in stream:
                if event.type == "chunk" and event.chunk.choices:
                    delta = event.chunk.choices[0].delta
                    heard["thinking"] += getattr(delta, "reasoning_content", None) or ""
                    heard["text"] += delta.content or ""
            final = _final_of(stream)
    except APIError as error:
        return Heard(**heard, error=code_of(error))
    choice = final.choices[0]
    assert (choice.message.content or "") == heard["text"]
    calls = [c.function for c in choice.message.tool_calls or [] if c.type == "function"]
    return Heard(
        **heard,
        calls=[(call.name, loosely(call.arguments)) for call in calls],
        finish_reason=choice.finish_reason,
        tokens=final.usage.completion_tokens if final.usage else None,
    )


def _final_of(stream: ChatCompletionStream[None]) -> ChatCompletion:
    """The helper takes an answer that reached its limit for an error, and gives it with that."""
    try:
        return stream.get_final_completion()
    except LengthFinishReasonError as error:
        return error.completion


def code_of(error: APIError) -> str | None:
    """Return the code of a refusal, or of an error in mid-stream."""
    if isinstance(error, APIStatusError):
        assert error.type in ("invalid_request_error", "rate_limit_error", "server_error")
    return error.code


def loosely(arguments: str) -> Any:
    """Return the JSON value of a call's arguments, or the text of what is none."""
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments
