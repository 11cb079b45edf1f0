"""Fragments of tool calls in; whole ``tool_call`` events out."""

from typing import Final

import msgspec

from mlx_relay.errors import StreamError
from mlx_relay.events import ToolCall
from mlx_relay.pipeline.deltas import ToolCallDelta

MAX_CALLS: Final = 128
"""Calls in one stream; their indexes are 0 to 127."""

MAX_ARGUMENT_CHARACTERS: Final = 1024 * 1024
"""Argument text of one call."""


class ToolCalls:
    """Gather the fragments of one call after the other.

    A call is whole when its delta says so, the next one begins or the stream ends well. Its number
    is the upstream's index, or the next free one where that is missing or taken. ``feed`` raises
    StreamError when a limit is broken.
    """

    def __init__(self) -> None:
        self.count = 0
        self._open: _OpenCall | None = None
        self._indexes: set[int] = set()
        self._ids: set[str] = set()

    def feed(self, fragment: ToolCallDelta) -> list[ToolCall]:
        if fragment.index is not None and fragment.index >= MAX_CALLS:
            raise StreamError("limit_exceeded", "upstream_limit")
        if fragment.is_whole:
            return self._take_whole(fragment)
        if self._open is not None and self._open.takes(fragment):
            self._open.add(fragment)
            return []
        if self._is_late(fragment):
            return []
        whole = self.close()
        self._begin(fragment)
        return whole

    def close(self) -> list[ToolCall]:
        call, self._open = self._open, None
        if call is None:
            return []
        self._ids.add(call.id)
        return [call.whole()]

    def _take_whole(self, call: ToolCallDelta) -> list[ToolCall]:
        """A model that repeats an id makes another call nevertheless, which gets its own."""
        before = self.close()
        self._begin(msgspec.structs.replace(call, id="") if call.id in self._ids else call)
        return before + self.close()

    def _begin(self, fragment: ToolCallDelta) -> None:
        number = max(self.count, -1 if fragment.index is None else fragment.index)
        if number >= MAX_CALLS:
            raise StreamError("limit_exceeded", "upstream_limit")
        self.count = number + 1
        if fragment.index is not None:
            self._indexes.add(fragment.index)
        self._open = _OpenCall(number, fragment.index)
        self._open.add(fragment)

    def _is_late(self, fragment: ToolCallDelta) -> bool:
        """Return whether *fragment* adds to a call that has gone out already."""
        if fragment.index is None:
            return bool(fragment.id) and fragment.id in self._ids
        if fragment.index not in self._indexes:
            return False
        return not fragment.name or (bool(fragment.id) and fragment.id in self._ids)


class _OpenCall:
    """The call that is being gathered."""

    def __init__(self, number: int, index: int | None) -> None:
        self.id = ""
        self._number = number
        self._index = index
        self._name = ""
        self._arguments: list[str] = []
        self._size = 0

    def takes(self, fragment: ToolCallDelta) -> bool:
        """Return whether *fragment* goes on with this call.

        Some servers number every call 0 and tell them apart by their ids; some send no index.
        """
        if fragment.index is not None and self._index is not None:
            is_other = bool(self.id and fragment.id and fragment.id != self.id and fragment.name)
            return fragment.index == self._index and not is_other
        if fragment.id:
            return fragment.id == self.id
        return fragment.index is None and not (fragment.name and self._name)

    def add(self, fragment: ToolCallDelta) -> None:
        self._size += len(fragment.arguments)
        if self._size > MAX_ARGUMENT_CHARACTERS:
            raise StreamError("limit_exceeded", "event_too_large")
        self.id = self.id or fragment.id
        self._name = self._name or fragment.name
        self._arguments.append(fragment.arguments)

    def whole(self) -> ToolCall:
        arguments = "".join(self._arguments)
        return ToolCall(
            self._number,
            self.id or f"call_{self._number}",
            self._name,
            arguments if arguments.strip() else "{}",
        )
