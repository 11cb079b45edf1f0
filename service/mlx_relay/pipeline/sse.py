"""Bytes to SSE messages, by the rules of WHATWG ("Interpreting an event stream").

The bytes may be cut anywhere. One thing goes beyond the standard, which drops a block that the
end of the body cuts off: ``close`` hands it over, marked ``complete=False``, because HTTP/1.0
upstreams may end right after their last byte. What it is worth is decided where it is read.
"""

from typing import Final

import msgspec

from mlx_relay.errors import StreamError

MAX_LINE_BYTES: Final = 1024 * 1024
"""No honest upstream writes a longer line."""

MAX_EVENT_BYTES: Final = 1024 * 1024
"""The ``data`` of one message, its lines joined."""

_BOM = b"\xef\xbb\xbf"
_MAX_RETRY_DIGITS = 18


class Message(msgspec.Struct, frozen=True):
    """One SSE message. *id* is the last one seen in the stream, "" before there was one."""

    event: str
    data: str
    id: str
    retry: int | None = None
    complete: bool = True


class Decoder:
    """Decode a stream of SSE messages.

    A line or a message over its limit sets *failure*; the messages before it still come out, and
    everything later is ``[]``. With *legacy_errors* the field ``error: {...}`` of llama.cpp before
    2025-09 is a message of the event ``error``; the standard would ignore it.
    """

    def __init__(
        self,
        *,
        max_line_bytes: int = MAX_LINE_BYTES,
        max_event_bytes: int = MAX_EVENT_BYTES,
        legacy_errors: bool = False,
    ) -> None:
        self.failure: StreamError | None = None
        self._max_line_bytes = max_line_bytes
        self._max_event_bytes = max_event_bytes
        self._safe_bytes = min(max_line_bytes, max_event_bytes)
        self._legacy_errors = legacy_errors
        self._head: bytes | None = b""
        self._after_return = False
        self._partial = bytearray()
        self._last_id = ""
        self._event = ""
        self._retry: int | None = None
        self._data: bytes | bytearray | None = None

    def feed(self, data: bytes) -> list[Message]:
        if self.failure:
            return []
        if self._head is not None:
            data = self._without_bom(data)
        if self._after_return or b"\r" in data:
            data = self._with_line_feeds(data)
        lines = data.split(b"\n")
        if self._partial and len(lines) > 1:
            lines[0] = bytes(self._partial + lines[0])
            self._partial.clear()
        rest = lines.pop()
        messages = self._read(lines)
        if rest:
            self._partial += rest
            if len(self._partial) > self._max_line_bytes:
                self._fail()
        return messages

    def close(self) -> list[Message]:
        """Return the message that the end of the body cut off, if there was one."""
        if self._partial and not self.failure:
            self._read_field(bytes(self._partial))
            self._partial.clear()
        if self._data is None or self.failure:
            return []
        return [self._dispatch(self._data, complete=False)]

    @property
    def is_between(self) -> bool:
        """Nothing of a message has come that is not out yet, and the stream has begun."""
        return (
            self._head is None
            and self._data is None
            and not (self._partial or self._event or self._after_return or self.failure)
        )

    def _without_bom(self, data: bytes) -> bytes:
        """Drop a byte order mark, which counts only at the start of the stream, cut or whole."""
        head = (self._head or b"") + data
        if len(head) < len(_BOM) and _BOM.startswith(head):
            self._head = head
            return b""
        self._head = None
        return head.removeprefix(_BOM)

    def _with_line_feeds(self, data: bytes) -> bytes:
        """Turn every line end into LF; a CR at the end of *data* ends its line now."""
        if not data:
            return data
        if self._after_return:
            data = data.removeprefix(b"\n")
        self._after_return = data.endswith(b"\r")
        return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read(self, lines: list[bytes]) -> list[Message]:
        messages: list[Message] = []
        for line in lines:
            if not line:
                if self._data is not None:
                    messages.append(self._dispatch(self._data, complete=True))
                self._event = ""
                self._retry = None
            elif line.startswith(b"data: ") and self._data is None and len(line) < self._safe_bytes:
                self._data = line[6:]
            else:
                self._read_field(line)
                if self.failure:
                    break
        return messages

    def _read_field(self, line: bytes) -> None:
        if len(line) > self._max_line_bytes:
            self._fail()
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._add_data(value)
        elif name == b"event":
            self._event = value.decode("utf-8", "replace")
        elif name == b"id" and b"\0" not in value:
            self._last_id = value.decode("utf-8", "replace")
        elif name == b"retry" and value.isdigit() and len(value) <= _MAX_RETRY_DIGITS:
            self._retry = int(value)
        elif name == b"error" and self._legacy_errors:
            self._event = "error"
            self._add_data(value)

    def _add_data(self, value: bytes) -> None:
        if self._data is None:
            self._data = value
        else:
            if isinstance(self._data, bytes):
                self._data = bytearray(self._data)
            self._data += b"\n"
            self._data += value
        if len(self._data) > self._max_event_bytes:
            self._fail()

    def _dispatch(self, data: bytes | bytearray, *, complete: bool) -> Message:
        self._data = None
        text = data.decode("utf-8", "replace")
        return Message(self._event or "message", text, self._last_id, self._retry, complete)

    def _fail(self) -> None:
        self.failure = StreamError("limit_exceeded", "event_too_large")
        self._partial.clear()
        self._data = None
