"""SSE messages in; deltas out. Survives every shape that servers put into a chunk."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias, get_args

import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.events import FinishReason, UsageCounts
from mlx_relay.pipeline.deltas import (
    Delta,
    DoneDelta,
    ErrorDelta,
    FinishDelta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)
from mlx_relay.pipeline.loose_json import decode_json
from mlx_relay.pipeline.plain import read_plain
from mlx_relay.pipeline.sse import Message

MAX_BAD_MESSAGES: Final = 3
"""So many messages that are no JSON objects are passed over; the next one ends the stream."""

MAX_TOKEN_COUNT: Final = 10_000_000

_Object: TypeAlias = Mapping[str, Any]
_REASONS: dict[str, FinishReason] = {reason: reason for reason in get_args(FinishReason)}
_DONE = "[DONE]"
_BUSY = "rate_limit_exceeded"


class Chunks:
    """Read the chunks of one stream.

    *skipped* counts messages that were no JSON objects. *progress* counts what the upstream
    produced (pieces of text, reasoning and calls), which its keep-alives do not move. *is_in_text*
    says that the last of them was text.
    """

    def __init__(self) -> None:
        self.skipped = 0
        self.progress = 0
        self._ended = False
        self.is_in_text = False

    def feed(self, message: Message) -> list[Delta]:
        """Return what *message* adds; ``[]`` after an ErrorDelta or a DoneDelta."""
        if self._ended:
            return []
        if message.event == "message" and (deltas := self._take_usual(message.data)):
            return deltas
        chunk = decode_json(message.data)
        if message.event == "error" and (message.complete or isinstance(chunk, dict)):
            return self._end(ErrorDelta(_failure(chunk)))
        if not isinstance(chunk, dict):
            return self._take_other(message)
        error = chunk.get("error")
        if (error is not None and error is not False) or chunk.get("object") == "error":
            return self._end(ErrorDelta(_failure(chunk)))
        return self._read(chunk)

    def _take_usual(self, data: str) -> list[Delta]:
        """Take a piece of text, as most messages are, or the end; [] for any other message."""
        if data == _DONE:
            return self._end(DoneDelta())
        delta = read_plain(data)
        if delta is None:
            return []
        self.progress += 1
        self.is_in_text = isinstance(delta, TextDelta)
        return [delta]

    def _read(self, chunk: _Object) -> list[Delta]:
        choice = _first_choice(chunk.get("choices"))
        deltas: list[Delta] = []
        if choice:
            delta = _object(choice, "delta") or _object(choice, "message")
            if delta:
                self._read_delta(delta, deltas)
                self.progress += len(deltas)
            if reason := choice.get("finish_reason"):
                known = isinstance(reason, str)
                deltas.append(FinishDelta(_REASONS.get(reason, "unknown") if known else "unknown"))
        if "usage" in chunk or "usage" in choice:
            deltas += _usage(_object(chunk, "usage")) or _usage(_object(choice, "usage"))
        return deltas

    def _read_delta(self, delta: _Object, deltas: list[Delta]) -> None:
        """Put reasoning before content; behind text it is the other way round.

        A server that splits tags off sends the text that preceded an opening tag together with
        the reasoning that followed it.
        """
        reasoning = delta.get("reasoning_content") or delta.get("reasoning")
        content = delta.get("content")
        if reasoning:
            reasoning = _text(delta, "reasoning_content") or _text(delta, "reasoning")
        if self.is_in_text:
            _add_content(content, deltas)
        if reasoning:
            deltas.append(ReasoningDelta(reasoning))
        if not self.is_in_text:
            _add_content(content, deltas)
        if "tool_calls" in delta or "function_call" in delta:
            deltas += _calls(delta)
        if deltas:
            self.is_in_text = isinstance(deltas[-1], TextDelta)

    def _take_other(self, message: Message) -> list[Delta]:
        """Take what is no JSON object: the end, a blank line of life, or rubbish."""
        data = message.data.strip()
        if data == _DONE:
            return self._end(DoneDelta())
        if not data:
            return []
        self.skipped += 1
        if self.skipped > MAX_BAD_MESSAGES and message.complete:
            return self._end(ErrorDelta(StreamError("upstream_protocol", "bad_json")))
        return []

    def _end(self, delta: Delta) -> list[Delta]:
        self._ended = True
        return [delta]


def _failure(chunk: object) -> StreamError:
    """Return what an error frame means to us; the upstream's own words stay here."""
    outer = chunk if isinstance(chunk, dict) else {}
    error = outer.get("error")
    details = error if isinstance(error, dict) else outer
    kinds = (details.get("type"), details.get("code"))
    is_busy = _BUSY in kinds or details.get("code") in (429, "429")
    return StreamError("upstream_busy" if is_busy else "upstream_error", "in_band")


def _first_choice(choices: object) -> _Object:
    """Return the choice with index 0 or none, the only one we ask for; {} if there is none."""
    if isinstance(choices, list):
        for choice in choices:
            if isinstance(choice, dict) and choice.get("index") in (None, 0):
                return choice
    return {}


def _add_content(content: object, deltas: list[Delta]) -> None:
    """*content* is text, or a list of parts: texts, and Mistral's ``thinking`` with parts in it."""
    if isinstance(content, str):
        if content:
            deltas.append(TextDelta(content))
    elif isinstance(content, list):
        for part in content:
            if isinstance(part, dict) and part.get("type") == "thinking":
                deltas += [ReasoningDelta(text) for text in _part_texts(part.get("thinking"))]
            else:
                deltas += [TextDelta(text) for text in _part_texts([part])]


def _part_texts(parts: object) -> list[str]:
    """Return the texts, none of them empty, of a list of parts or of a bare string."""
    if isinstance(parts, str):
        return [parts] if parts else []
    if not isinstance(parts, list):
        return []
    texts = [_text(part, "text") if isinstance(part, dict) else part for part in parts]
    return [text for text in texts if isinstance(text, str) and text]


def _calls(delta: _Object) -> list[Delta]:
    """Return the fragments in ``tool_calls``, and the one call of the old ``function_call``."""
    entries = delta.get("tool_calls")
    fragments = [
        _call(entry, _object(entry, "function"))
        for entry in (entries if isinstance(entries, list) else [])
        if isinstance(entry, dict)
    ]
    if legacy := _object(delta, "function_call"):
        fragments.append(_call({"index": 0}, legacy))
    return [call for call in fragments if call.id or call.name or call.arguments]


def _call(entry: _Object, function: _Object) -> ToolCallDelta:
    index = _whole_number(entry.get("index"))
    arguments = function.get("arguments")
    if isinstance(arguments, dict | list):
        arguments = msgspec.json.encode(arguments).decode()
    return ToolCallDelta(
        index if index is not None and index >= 0 else None,
        _text(entry, "id"),
        _text(function, "name"),
        arguments if isinstance(arguments, str) else "",
    )


def _usage(usage: _Object) -> list[Delta]:
    """Return the counts of *usage* if it has any."""
    details = _object(usage, "completion_tokens_details")
    reasoning = _count(usage, "reasoning_tokens")
    counts = UsageCounts(
        _count(usage, "prompt_tokens"),
        _count(usage, "completion_tokens"),
        _count(usage, "total_tokens"),
        _count(details, "reasoning_tokens") if reasoning is None else reasoning,
    )
    return [UsageDelta(counts)] if counts != UsageCounts() else []


def _count(usage: _Object, key: str) -> int | None:
    number = _whole_number(usage.get(key))
    return None if number is None else min(max(number, 0), MAX_TOKEN_COUNT)


def _whole_number(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _object(parent: _Object, key: str) -> _Object:
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def _text(parent: _Object, key: str) -> str:
    value = parent.get(key)
    return value if isinstance(value, str) else ""
