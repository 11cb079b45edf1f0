"""Bytes from a socket in; the head and the body of one HTTP response out, in push.

The parser is httptools (llhttp, the parser of Node.js). All body bytes of one read travel together:
servers send each token as a transfer chunk of its own, and what costs is not bytes but calls.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import httptools
import msgspec

from mlx_relay.errors import StreamError

MAX_HEAD_BYTES = 16 * 1024
"""A head beyond this is no head of an MLX server."""


class Receiver(Protocol):
    """Takes what an exchange brings; both calls are synchronous."""

    def data(self, data: bytes, at: float) -> None:
        """Take *data*, read at monotonic time *at*."""

    def end(self, failure: StreamError | None) -> None:
        """The body ended: as HTTP ends bodies (None), or by *failure*. Nothing follows."""


class Head(msgspec.Struct, frozen=True):
    """Status and headers, by their names in lower case; of a repeated one the first counts."""

    status: int
    headers: dict[str, str]


class ResponseReader(asyncio.Protocol):
    """Reads one response. *head* is set when it is there, *over* when nothing more will come.

    Reading waits from the head on until ``deliver_to`` names who takes the body.
    """

    __slots__ = (
        "_clock",
        "_failure",
        "_has_head",
        "_head_bytes",
        "_header_bytes",
        "_headers",
        "_is_complete",
        "_is_paused",
        "_parser",
        "_parts",
        "_receiver",
        "_transport",
        "head",
        "on_body",
        "over",
    )

    def __init__(self, clock: Callable[[], float]) -> None:
        loop = asyncio.get_running_loop()
        self.head: asyncio.Future[Head] = loop.create_future()
        self.over: asyncio.Future[None] = loop.create_future()
        self._clock = clock
        self._headers: dict[str, str] = {}
        self._has_head = False
        self._head_bytes = 0
        self._header_bytes = 0
        self._parts: list[bytes] = []
        self.on_body = self._parts.append
        self._parser = httptools.HttpResponseParser(self)
        self._receiver: Receiver | None = None
        self._is_paused = False
        self._is_complete = False
        self._failure: StreamError | None = None
        self._transport: asyncio.Transport

    def deliver_to(self, receiver: Receiver) -> None:
        """Hand the body to *receiver*, beginning with what waits already."""
        self._receiver = receiver
        self._deliver()
        self._read_on()

    def let_go(self) -> None:
        """Hand over nothing more."""
        self._receiver = None

    @property
    def is_paused(self) -> bool:
        return self._is_paused

    def pause(self) -> None:
        self._is_paused = True
        if not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused:
            self._is_paused = False
            self._read_on()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._fail(StreamError("upstream_protocol", "protocol"))
        if not self._has_head:
            self._check_head_size(len(data))
        self._deliver()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        """The connection ended, however: what came before decides what that means."""
        if not self.head.done():
            self._fail(StreamError("upstream_unreachable", "closed"))
        self._is_complete = True
        self._deliver()

    def on_status(self, status: bytes) -> None:
        self._header_bytes += len(status)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._has_head:
            # A trailer: nobody needs it, and there may be no end of them.
            return
        self._header_bytes += len(name) + len(value) + len(b": \r\n")
        self._headers.setdefault(name.decode("latin-1").lower(), value.decode("latin-1"))

    def on_headers_complete(self) -> None:
        self._header_bytes += len(b"HTTP/1.1 200 \r\n\r\n")
        if self._parser.get_status_code() < 200:
            self._headers.clear()
        elif not self.head.done() and self._header_bytes <= MAX_HEAD_BYTES:
            self._has_head = True
            self.head.set_result(Head(self._parser.get_status_code(), self._headers))
            self._headers = {}
            if self._receiver is None:
                self._transport.pause_reading()

    def on_message_complete(self) -> None:
        self._is_complete = self.head.done()

    def _check_head_size(self, size: int) -> None:
        self._head_bytes += size
        if max(self._head_bytes, self._header_bytes) > MAX_HEAD_BYTES:
            self._fail(StreamError("upstream_protocol", "protocol"))

    def _fail(self, failure: StreamError) -> None:
        self._failure = self._failure or failure
        self._is_complete = True
        if not self.head.done():
            self.head.set_exception(self._failure)
            # Whoever waited for the head may be gone: nobody then asks for the exception.
            self.head.exception()

    def _deliver(self) -> None:
        """Hand over what waits. A receiver that raises has a bug: ``over`` carries it."""
        receiver = self._receiver
        if receiver is None:
            return
        try:
            parts = self._parts
            if parts:
                data = parts.pop()
                if parts:
                    data = b"".join([*parts, data])
                    parts.clear()
                receiver.data(data, self._clock())
            if self._is_complete and not self.over.done():
                receiver.end(self._failure)
                self.over.set_result(None)
        except Exception as error:  # noqa: BLE001 - it is raised again where over is awaited
            self._receiver = None
            if not self.over.done():
                self.over.set_exception(error)
            self._transport.abort()

    def _read_on(self) -> None:
        if not self._is_paused and not self._transport.is_closing():
            self._transport.resume_reading()
