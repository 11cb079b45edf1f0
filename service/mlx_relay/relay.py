"""Chats in; their streams, all of this process, out: admitted, counted, stopped and drained."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mlx_relay.admission import Admission, Turn
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.errors import StreamError, Unavailable
from mlx_relay.profiles import Profile
from mlx_relay.relayed_stream import Chat, RelayedStream
from mlx_relay.sinks import ClientSink, Outcome
from mlx_relay.sinks.fanout import FanOut, SideSinks
from mlx_relay.upstream import Exchanges


class Relay:
    """Runs streams; one per process."""

    def __init__(
        self,
        upstream: Exchanges,
        side_sinks: SideSinks,
        *,
        admission: Admission,
        live_streams: LiveStreams,
    ) -> None:
        self._upstream = upstream
        self._side_sinks = side_sinks
        self._admission = admission
        self._live_streams = live_streams
        self._live: dict[RelayedStream, asyncio.Task[Any] | None] = {}
        self._none_is_live = asyncio.Event()
        self.is_draining = False

    @asynccontextmanager
    async def admit(self, user_id: int, profile: Profile) -> AsyncIterator[Turn]:
        """Hold a place for a stream, or one in the queue; see Admission."""
        self._refuse_when_draining()
        async with self._admission.admit(user_id, profile) as turn:
            # The place may have come from another machine, and the end in the meantime.
            self._refuse_when_draining()
            yield turn

    async def run(self, chat: Chat, client: ClientSink, turn: Turn) -> Outcome:
        """Relay one chat to *client* when its *turn* has come.

        Returns how it ended, raises CancelledError if the client left.
        """
        fan_out = FanOut(client, self._side_sinks, chat.info)
        stream = RelayedStream(chat, client, fan_out)
        self._live[stream] = asyncio.current_task()
        try:
            with self._live_streams.hold(chat.grant, stream.revoke):
                await stream.run(self._upstream, turn)
        finally:
            del self._live[stream]
            if not self._live:
                self._none_is_live.set()
            outcome = stream.outcome()
            await fan_out.close(outcome)
        return outcome

    @property
    def streams(self) -> int:
        """How many run now."""
        return len(self._live)

    async def drain(self) -> None:
        """Take no more streams, and wait until those that run have ended by themselves."""
        self.is_draining = True
        while self._live:
            self._none_is_live.clear()
            await self._none_is_live.wait()

    def _refuse_when_draining(self) -> None:
        if self.is_draining:
            raise Unavailable

    def shut_down(self) -> None:
        """Take no more streams, and end those that run with ``shutting_down``."""
        self.is_draining = True
        for stream in list(self._live):
            stream.fail(StreamError("shutting_down", "drain"))

    def stop(self, stream_id: str, cause: str) -> None:
        """End one stream, if it runs here, because nobody wants the rest of it."""
        for stream in list(self._live):
            if stream.id == stream_id:
                stream.fail(StreamError("stopped", cause))

    def let_go(self) -> None:
        """Cancel the streams whose clients do not take the end that they were sent."""
        for task in self._live.values():
            if task:
                task.cancel()


def new_stream_id() -> str:
    """Return a name for a stream that nobody can guess."""
    return secrets.token_hex(16)
