"""OpenAI's chat completions: a request in; chunks, a completion, or an error in its shape out.

A stream that failed ends with an error and without ``[DONE]``. No ``id:`` and no ``retry:`` is
sent, and what is not a chunk is a comment: OpenAI's own client breaks on anything else.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

import msgspec
from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import ProfileNotFound, Unauthorized
from mlx_relay.events import (
    Done,
    Error,
    Event,
    Response,
    Start,
    Status,
    Thinking,
    ToolCall,
    UsageCounts,
)
from mlx_relay.sinks import StreamInfo
from mlx_relay.web.app_keys import OPENAI_REASONING_FIELDS
from mlx_relay.web.body import read_json
from mlx_relay.web.chat import MAX_BODY_BYTES, make_chat
from mlx_relay.web.dialects.answering import find_profile, gather, stream
from mlx_relay.web.dialects.openai_form import parse_openai_form

_json: Final = msgspec.json.Encoder()
_CODES = {ProfileNotFound.code: "model_not_found", Unauthorized.code: "invalid_api_key"}
_PARAMETER = re.compile(r"([a-z_]+(?:\[[\d.]+\]|\.[a-z_]+)*): ")


async def complete(request: web.Request) -> web.StreamResponse:
    """Relay one chat, as a stream or as a whole."""
    form = parse_openai_form(await read_json(request, limit=MAX_BODY_BYTES))
    profile = await find_profile(request, form.model)
    chat = make_chat(form, profile, request[IDENTITY])
    encoder = OpenAiEncoder(
        chat.info,
        reasoning_fields=request.app[OPENAI_REASONING_FIELDS],
        includes_usage=bool(form.stream_options.include_usage),
    )
    return await (stream if form.stream else gather)(request, chat, encoder)


class OpenAiEncoder:
    """Says one stream as chunks of a chat completion, whose model is the profile's name.

    Thinking goes into each of *reasoning_fields*.
    """

    def __init__(
        self, info: StreamInfo, *, reasoning_fields: Sequence[str], includes_usage: bool
    ) -> None:
        self._head = {
            "id": f"chatcmpl-{info.stream_id}",
            "created": int(info.started_at.timestamp()),
            "model": info.profile,
        }
        self._reasoning_fields = reasoning_fields
        self._includes_usage = includes_usage
        self._chunk_start = b"data: %b," % _json.encode(
            {"object": "chat.completion.chunk", **self._head}
        ).removesuffix(b"}")

    def encode(self, event: Event) -> bytes:
        match event:
            case Status():
                return b": %b\n\n" % _comment(event).encode()
            case Done():
                return self._end(event)
            case Error():
                _, body = describe_error(500, event.code, event.content)
                return b"data: %b\n\n" % _json.encode(body)
            case _:
                delta = self._delta(event)
                return self._chunk(delta) if delta else b""

    def whole(self, events: Sequence[Event]) -> object:
        thinking = "".join(event.content for event in events if isinstance(event, Thinking))
        calls = [_call(event) for event in events if isinstance(event, ToolCall)]
        text = "".join(event.content for event in events if isinstance(event, Response))
        done = next(event for event in events if isinstance(event, Done))
        message: dict[str, Any] = {"role": "assistant", "content": text or None}
        if thinking:
            message |= dict.fromkeys(self._reasoning_fields, thinking)
        if calls:
            message["tool_calls"] = calls
        choice = {"index": 0, "message": message, "finish_reason": _finish_reason(done)}
        usage = {"usage": _usage(done.usage)} if done.usage else {}
        return {"object": "chat.completion", **self._head, "choices": [choice], **usage}

    def describe_error(self, status: int, code: str, message: str) -> tuple[int, object]:
        return describe_error(status, code, message)

    def _delta(self, event: Event) -> dict[str, object]:
        match event:
            case Start():
                return {"role": "assistant", "content": ""}
            case Thinking(content):
                return dict.fromkeys(self._reasoning_fields, content)
            case Response(content):
                return {"content": content}
            case ToolCall():
                return {"tool_calls": [{"index": event.index, **_call(event)}]}
            case _:
                return {}

    def _chunk(self, delta: object, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
        return b'%b"choices":[%b]}\n\n' % (self._chunk_start, _json.encode(choice))

    def _end(self, done: Done) -> bytes:
        last = self._chunk({}, _finish_reason(done))
        if self._includes_usage and done.usage:
            usage = _json.encode(_usage(done.usage))
            last += b'%b"choices":[],"usage":%b}\n\n' % (self._chunk_start, usage)
        return last + b"data: [DONE]\n\n"


def describe_error(status: int, code: str, message: str) -> tuple[int, object]:
    """Return the status and the body of an error; a sentence of ours begins with the field."""
    status = 400 if status == 422 else status
    parameter = _PARAMETER.match(message) if status == 400 else None
    error = {
        "message": message,
        "type": _error_type(status),
        "param": parameter.group(1) if parameter else None,
        "code": _CODES.get(code, code),
    }
    return status, {"error": error}


def _error_type(status: int) -> str:
    if status >= 500:
        return "server_error"
    return "rate_limit_error" if status == 429 else "invalid_request_error"


def _call(event: ToolCall) -> dict[str, object]:
    function = {"name": event.name, "arguments": event.arguments}
    return {"id": event.id, "type": "function", "function": function}


def _finish_reason(done: Done) -> str:
    """OpenAI has no word for a reason that is not known."""
    return "stop" if done.finish_reason == "unknown" else done.finish_reason


def _usage(counts: UsageCounts) -> dict[str, object]:
    usage: dict[str, object] = msgspec.to_builtins(counts)
    if (reasoning := usage.pop("reasoning_tokens", None)) is not None:
        usage["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return usage


def _comment(status: Status) -> str:
    return status.phase if status.position is None else f"{status.phase} {status.position}"
