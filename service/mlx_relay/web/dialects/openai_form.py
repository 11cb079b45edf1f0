"""The body of ``POST /v1/chat/completions`` in; the form it fills out, or InvalidRequest, out.

OpenAI's fields, with the types and ranges of our own chat form. null means absent everywhere. What
changes nothing here is left out; what would be ignored but matters is refused by name.
"""

from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from mlx_relay.errors import InvalidRequest
from mlx_relay.web.chat_form import ChatFields, MaxTokens
from mlx_relay.web.forms import parse_form

IGNORED = frozenset(
    {
        "metadata",
        "parallel_tool_calls",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_retention",
        "reasoning_effort",
        "safety_identifier",
        "service_tier",
        "store",
        "user",
        "verbosity",
    }
)
"""Fields that no MLX server knows and whose absence makes no answer wrong."""

ONLY: dict[str, object] = {
    "frequency_penalty": 0,
    "logit_bias": {},
    "logprobs": False,
    "modalities": ["text"],
    "n": 1,
    "presence_penalty": 0,
    "top_logprobs": 0,
}
"""Fields that are taken with the one value that asks for nothing."""

_IGNORED_IN_MESSAGES = frozenset({"annotations"})


class StreamOptions(Struct, frozen=True, forbid_unknown_fields=True):
    """*include_obfuscation* is ignored: nothing is padded here."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class OpenAiForm(ChatFields, frozen=True, kw_only=True):
    """*model* is a profile's name."""

    model: Annotated[str, Meta(min_length=1, max_length=256)]
    stream: bool = False
    stream_options: StreamOptions = StreamOptions()
    max_completion_tokens: MaxTokens | None = None


def parse_openai_form(body: object) -> OpenAiForm:
    """Return the JSON value *body* as a form; raises InvalidRequest, which names the field."""
    form = parse_form(OpenAiForm, _simplify(body) if isinstance(body, dict) else body)
    if form.max_completion_tokens is None:
        return form
    if form.max_tokens not in (None, form.max_completion_tokens):
        raise InvalidRequest("max_tokens: It differs from max_completion_tokens.")
    return msgspec.structs.replace(form, max_tokens=form.max_completion_tokens)


def _simplify(body: dict[str, Any]) -> dict[str, Any]:
    fields = _without_nulls(body, IGNORED)
    for name, value in ONLY.items():
        if fields.pop(name, value) != value:
            raise InvalidRequest(f"{name}: Only {msgspec.json.encode(value).decode()} is taken.")
    if isinstance(messages := fields.get("messages"), list):
        fields["messages"] = [_simplify_message(message) for message in messages]
    return fields


def _simplify_message(message: object) -> object:
    """An answer of ours that comes back may hold its reasoning under two names."""
    if not isinstance(message, dict):
        return message
    fields = _without_nulls(message, _IGNORED_IN_MESSAGES)
    if "reasoning" in fields:
        fields.setdefault("reasoning_content", fields.pop("reasoning"))
    return fields


def _without_nulls(fields: dict[str, Any], ignored: frozenset[str]) -> dict[str, Any]:
    return {
        name: value for name, value in fields.items() if value is not None and name not in ignored
    }
