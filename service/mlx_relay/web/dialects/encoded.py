"""Batches of events in; the client's SSE response in a dialect's words out."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from mlx_relay.events import Event
from mlx_relay.sinks.sse import HIGH_WATER_BYTES, Connection, SseSink


class EncodedSink(SseSink):
    """Writes what *encode* makes of each event; keeps the pace as the typed stream's sink does.

    It has a ``send`` of its own so that the typed stream's need not ask which dialect it speaks.
    """

    def __init__(
        self,
        connection: Connection,
        drain: Callable[[], Awaitable[None]],
        encode: Callable[[Event], bytes],
        *,
        is_chunked: bool,
    ) -> None:
        super().__init__(connection, drain, is_chunked=is_chunked)
        self._say = encode

    def send(self, events: Sequence[Event]) -> None:
        transport: asyncio.Transport | None = self._transport
        if transport is None or transport.is_closing():
            self.is_full = True
            return
        data = b"".join(map(self._say, events))
        if not data:
            # An empty chunk would end the body.
            return
        self._written += len(data)
        transport.write(b"%x\r\n%b\r\n" % (len(data), data) if self._is_chunked else data)
        if waiting := transport.get_write_buffer_size():
            self._watch.start()
        self.is_full = waiting > HIGH_WATER_BYTES
