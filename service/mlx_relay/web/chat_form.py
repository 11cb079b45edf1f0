"""The body of ``POST /api/chat/completions``: its fields, their types and their ranges.

The ranges protect the upstream: a value that one server merely refuses kills another for everybody
(a wrong ``stop``, a ``top_k`` beyond the vocabulary, a negative ``seed``).
"""

from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

MAX_MESSAGES = 1000
MAX_TOOLS = 128
IMAGE_TYPES = ("image/png", "image/jpeg", "image/webp", "image/gif")

Name: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.:-]{1,128}$")]
ImageUrl: TypeAlias = Annotated[str, Meta(pattern=r"^data:image/(png|jpeg|webp|gif);base64,")]
StopText: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
MaxTokens: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]


class _Form(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Refuses unknown fields by name; an absent field stays absent when it is sent on."""


class TextPart(_Form, frozen=True, tag_field="type", tag="text"):
    text: str


class ImageAddress(_Form, frozen=True):
    url: ImageUrl
    detail: Literal["auto", "low", "high"] | None = None


class ImagePart(_Form, frozen=True, tag_field="type", tag="image_url"):
    image_url: ImageAddress


Parts: TypeAlias = Annotated[list[TextPart | ImagePart], Meta(min_length=1, max_length=100)]
TextParts: TypeAlias = Annotated[list[TextPart], Meta(min_length=1, max_length=100)]


class CalledFunction(_Form, frozen=True):
    name: Name
    arguments: str


class CalledTool(_Form, frozen=True, kw_only=True):
    id: str
    function: CalledFunction
    type: Literal["function"] = "function"
    index: int | None = None


class SystemMessage(_Form, frozen=True, tag_field="role", tag="system"):
    content: str | TextParts
    name: Name | None = None


class DeveloperMessage(_Form, frozen=True, tag_field="role", tag="developer"):
    content: str | TextParts
    name: Name | None = None


class UserMessage(_Form, frozen=True, tag_field="role", tag="user"):
    content: str | Parts
    name: Name | None = None


class AssistantMessage(_Form, frozen=True, tag_field="role", tag="assistant"):
    content: str | TextParts | None = None
    tool_calls: Annotated[list[CalledTool], Meta(max_length=MAX_TOOLS)] | None = None
    reasoning_content: str | None = None
    name: Name | None = None


class ToolMessage(_Form, frozen=True, tag_field="role", tag="tool"):
    content: str | TextParts
    tool_call_id: str
    name: Name | None = None


Message: TypeAlias = SystemMessage | DeveloperMessage | UserMessage | AssistantMessage | ToolMessage


class FunctionSchema(_Form, frozen=True):
    name: Name
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class Tool(_Form, frozen=True):
    function: FunctionSchema
    type: Literal["function"]


class ChosenFunction(_Form, frozen=True):
    name: Name


class ChosenTool(_Form, frozen=True):
    function: ChosenFunction
    type: Literal["function"]


class TextFormat(_Form, frozen=True, tag_field="type", tag="text"):
    pass


class JsonObjectFormat(_Form, frozen=True, tag_field="type", tag="json_object"):
    pass


class JsonSchemaFormat(_Form, frozen=True, tag_field="type", tag="json_schema"):
    json_schema: dict[str, Any]


class ChatFields(_Form, frozen=True, kw_only=True):
    """What a client may ask of a model. null means absent."""

    messages: Annotated[list[Message], Meta(min_length=1, max_length=MAX_MESSAGES)]
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    top_k: Annotated[int, Meta(ge=0, le=1000)] | None = None
    min_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_tokens: MaxTokens | None = None
    stop: StopText | Annotated[list[StopText], Meta(max_length=16)] | None = None
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    repetition_penalty: Annotated[float, Meta(gt=0, le=2)] | None = None
    tools: Annotated[list[Tool], Meta(max_length=MAX_TOOLS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | ChosenTool | None = None
    response_format: TextFormat | JsonObjectFormat | JsonSchemaFormat | None = None
    chat_template_kwargs: (
        Annotated[dict[str, str | int | float | bool | None], Meta(max_length=32)] | None
    ) = None


class ChatForm(ChatFields, frozen=True, kw_only=True):
    """What a client of ours may ask for, and whom.

    A *resumable* stream goes on for a while when its client is gone: see ``streams``.
    """

    profile_id: int
    resumable: bool = False
