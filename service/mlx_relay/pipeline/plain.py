"""The text of a chunk in; its one delta out, when it holds nothing but a piece of text.

Nearly every chunk of a stream is such a one. Reading it by type costs a third of what the general
way costs; whatever does not fit the type is left to that.
"""

from typing import Annotated, Literal, TypeAlias

import msgspec

from mlx_relay.pipeline.deltas import ReasoningDelta, TextDelta

_NoCalls: TypeAlias = Annotated[list[None], msgspec.Meta(max_length=0)] | None


class _Delta(msgspec.Struct):
    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: _NoCalls = None
    function_call: None = None


class _Choice(msgspec.Struct):
    delta: _Delta
    index: Literal[0] | None = None
    finish_reason: None = None
    usage: None = None


class _Chunk(msgspec.Struct):
    choices: tuple[_Choice]
    object: Literal["chat.completion.chunk"] | None = None
    error: None = None
    usage: None = None


_decode = msgspec.json.Decoder(_Chunk).decode


def read_plain(text: str | bytes) -> TextDelta | ReasoningDelta | None:
    """Return the delta of a chunk with one piece of text or reasoning, else None."""
    try:
        delta = _decode(text).choices[0].delta
    except (ValueError, RecursionError):
        return None
    reasoning = delta.reasoning_content or delta.reasoning
    if not reasoning:
        return TextDelta(delta.content) if delta.content else None
    return None if delta.content else ReasoningDelta(reasoning)
