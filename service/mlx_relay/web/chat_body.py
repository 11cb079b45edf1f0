"""A chat form and a profile in; the body for the upstream out.

Only fields that the form knows are sent, nothing null, always streamed, and the model is the
profile's: an MLX server loads whatever model name it is given.
"""

from typing import Any

import msgspec

from mlx_relay.errors import InvalidRequest
from mlx_relay.profiles import Profile
from mlx_relay.web.chat_form import (
    AssistantMessage,
    ChatFields,
    DeveloperMessage,
    ImagePart,
    Message,
    TextPart,
)

_OPTIONS = (
    "temperature",
    "top_p",
    "top_k",
    "min_p",
    "max_tokens",
    "seed",
    "repetition_penalty",
    "tools",
    "tool_choice",
    "response_format",
    "chat_template_kwargs",
)


def count_images(form: ChatFields) -> int:
    """Return how many images the messages hold."""
    return sum(
        isinstance(part, ImagePart)
        for message in form.messages
        if isinstance(message.content, list)
        for part in message.content
    )


def to_upstream(form: ChatFields, profile: Profile) -> bytes:
    """Return the JSON body; raises InvalidRequest for an image to a model that sees none."""
    if profile.model_type == "text" and count_images(form):
        raise InvalidRequest("messages: this profile's model takes text only, no image_url parts")
    body: dict[str, Any] = {
        "model": profile.model_path,
        "messages": [_message(message, profile) for message in form.messages],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    for name in _OPTIONS:
        value = getattr(form, name)
        if value is not None:
            body[name] = value
    if form.stop:
        body["stop"] = [form.stop] if isinstance(form.stop, str) else form.stop
    return msgspec.json.encode(body)


def _message(message: Message, profile: Profile) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: value for name, value in msgspec.to_builtins(message).items() if value is not None
    }
    if isinstance(message, DeveloperMessage):
        fields["role"] = "system"
    if isinstance(message, AssistantMessage):
        fields.setdefault("content", "")
        if not profile.keeps_reasoning:
            fields.pop("reasoning_content", None)
        for call in fields.get("tool_calls", ()):
            call["type"] = "function"
            call.pop("index", None)
    if isinstance(message.content, list) and profile.model_type == "text":
        fields["content"] = "".join(
            part.text for part in message.content if isinstance(part, TextPart)
        )
    return fields
