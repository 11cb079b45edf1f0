"""A response whose head arrived in; its body, pushed to a receiver, out."""

import asyncio
from typing import Protocol, Self

from mlx_relay.errors import StreamError
from mlx_relay.upstream.failures import failure_of_status
from mlx_relay.upstream.response import Head, Receiver, ResponseReader

MAX_JSON_BYTES = 1024 * 1024
"""The largest answer that is taken whole, from a server that does not stream."""


class Exchange(Protocol):
    """An answer whose head arrived. Leave the ``async with`` to close the connection at once."""

    @property
    def is_paused(self) -> bool: ...

    def pause(self) -> None:
        """Read no more until ``resume``; the kernel's buffers then stop the upstream."""

    def resume(self) -> None: ...

    async def pump(self, receiver: Receiver) -> None:
        """Push the body into *receiver* until it ends; sets no deadline."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *exc_info: object) -> None: ...


class HttpExchange:
    """An Exchange over a connection of its own."""

    def __init__(
        self, transport: asyncio.Transport, reader: ResponseReader, *, is_stream: bool
    ) -> None:
        self._transport = transport
        self._reader = reader
        self._is_stream = is_stream

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._reader.let_go()
        self._transport.abort()

    @property
    def is_paused(self) -> bool:
        return self._reader.is_paused

    def pause(self) -> None:
        self._reader.pause()

    def resume(self) -> None:
        self._reader.resume()

    async def pump(self, receiver: Receiver) -> None:
        self._reader.deliver_to(receiver if self._is_stream else JsonAsStream(receiver))
        await self._reader.over


class JsonAsStream:
    """Takes a whole JSON answer and hands it on as the one message of a stream."""

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._whole = Whole()
        self._at = 0.0

    def data(self, data: bytes, at: float) -> None:
        self._whole.data(data, at)
        self._at = at

    def end(self, failure: StreamError | None) -> None:
        body = self._whole.body.translate(None, b"\r\n")
        self._whole.end(failure)
        if self._whole.failure is None:
            self._receiver.data(b"data: " + body + b"\n\ndata: [DONE]\n\n", self._at)
        self._receiver.end(self._whole.failure)


class Whole:
    """A receiver that keeps a whole body, of at most ``MAX_JSON_BYTES``."""

    def __init__(self) -> None:
        self.body = bytearray()
        self.failure: StreamError | None = None

    def data(self, data: bytes, at: float) -> None:
        del at
        if len(self.body) + len(data) > MAX_JSON_BYTES:
            self.failure = StreamError("limit_exceeded", "event_too_large")
        else:
            self.body += data

    def end(self, failure: StreamError | None) -> None:
        self.failure = self.failure or failure


def check_head(head: Head) -> bool:
    """Return whether the body is an event stream (else it is one JSON answer).

    Raises StreamError for a status other than 200, and for a body that is neither.
    """
    if failure := failure_of_status(head.status):
        raise failure
    for name, plain in (("content-encoding", "identity"), ("transfer-encoding", "chunked")):
        if head.headers.get(name, plain).strip().lower() != plain:
            raise StreamError("upstream_protocol", "encoding")
    media_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type not in ("text/event-stream", "application/json"):
        raise StreamError("upstream_protocol", "content_type")
    return media_type == "text/event-stream"
