"""What a chunk adds to a stream: the frozen values that travel inside the pipeline."""

from typing import TypeAlias

import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.events import FinishReason, UsageCounts


class TextDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of the upstream's ``content``; behind the marker stage, of the answer alone."""

    text: str


class ReasoningDelta(msgspec.Struct, frozen=True, gc=False):
    """A piece of reasoning, from a field or from between two markers."""

    text: str


class ReasoningStart(msgspec.Struct, frozen=True):
    """A marker opened a block of reasoning; it may turn out to be blank."""


class ReasoningEnd(msgspec.Struct, frozen=True):
    """A marker closed a block of reasoning."""


class ToolCallDelta(msgspec.Struct, frozen=True):
    """A fragment of a tool call, or a whole one. "" and None are what the upstream did not send."""

    index: int | None = None
    id: str = ""
    name: str = ""
    arguments: str = ""
    is_whole: bool = False


class UsageDelta(msgspec.Struct, frozen=True):
    """Token counts; later ones replace earlier ones."""

    counts: UsageCounts


class FinishDelta(msgspec.Struct, frozen=True):
    """The upstream gave a finish reason."""

    reason: FinishReason


class ErrorDelta(msgspec.Struct, frozen=True):
    """The upstream reported an error, or sent what cannot be read. Ends the stream."""

    failure: StreamError


class DoneDelta(msgspec.Struct, frozen=True):
    """``[DONE]``: nothing comes after it."""


Delta: TypeAlias = (
    TextDelta
    | ReasoningDelta
    | ReasoningStart
    | ReasoningEnd
    | ToolCallDelta
    | UsageDelta
    | FinishDelta
    | ErrorDelta
    | DoneDelta
)
