"""One client's connection: bytes in, requests to the server, and its plans onto the transport.

It never stops reading, but for a fault that says so: that is how it sees at once that a client has
left, also one that waits for the first byte.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, TypeAlias, cast

from fake_mlx.http1 import BadRequest, Request, RequestReader, response_head
from fake_mlx.journal import Entry
from fake_mlx.replay import Plan
from fake_mlx.schedule import Schedule
from fake_mlx.stream import Stream

Answer: TypeAlias = Callable[[Request], tuple[Plan, Entry]]

_MOST_WAITING: Final = 32


class Connection(asyncio.Protocol):
    """Serves one client, one request after the other; *connections* holds it while it lives."""

    def __init__(
        self,
        answer: Answer,
        schedule: Schedule,
        connections: "set[Connection]",
        is_deaf_to: Callable[[bytes], bool],
    ) -> None:
        self._answer = answer
        self._is_deaf_to = is_deaf_to
        self._schedule = schedule
        self._connections = connections
        self._reader = RequestReader()
        self._waiting: deque[Request] = deque()
        self._stream: Stream | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        # No buffer above the kernel's: a paused stream is one whose client does not keep up.
        self._transport.set_write_buffer_limits(high=0)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self._is_deaf_to(data):
            self._transport.pause_reading()
            return
        try:
            self._waiting += self._reader.feed(data)
        except BadRequest as error:
            self._refuse(error.status, error.reason)
            return
        if len(self._waiting) > _MOST_WAITING:
            self._refuse(400, "too many requests are waiting on one connection")
            return
        self._serve_next()

    def eof_received(self) -> None:
        # Whoever closes and whoever only shuts down their writing side look alike here.
        self._client_left()
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        self._client_left()
        self._connections.discard(self)

    def pause_writing(self) -> None:
        if self._stream:
            self._stream.pause()

    def resume_writing(self) -> None:
        if self._stream:
            self._stream.resume()

    def abort(self) -> None:
        self._transport.abort()

    def _serve_next(self) -> None:
        if self._stream or self._transport.is_closing():
            return
        if not self._waiting:
            if self._reader.take_continue():
                self._transport.write(response_head("1.1", 100, "Continue", []))
            return
        plan, entry = self._answer(self._waiting.popleft())
        self._stream = Stream(plan, self._transport, self._schedule, entry, self._stream_ended)

    def _stream_ended(self) -> None:
        self._stream = None
        self._serve_next()

    def _client_left(self) -> None:
        stream, self._stream = self._stream, None
        self._waiting.clear()
        if stream:
            stream.cut_off()

    def _refuse(self, status: int, reason: str) -> None:
        if not self._stream:
            headers = [("Content-Type", "text/plain"), ("Connection", "close")]
            head = response_head("1.1", status, "Refused", headers)
            self._transport.write(head + reason.encode())
        self._client_left()
        self._transport.close()
