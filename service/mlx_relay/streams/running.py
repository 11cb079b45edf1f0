"""A chat in; a stream that goes on whether or not its client stays, for a time of grace, out."""

import asyncio
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol, Self

import structlog

from mlx_relay.admission import Turn
from mlx_relay.errors import RequestError
from mlx_relay.profiles import Profile
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import ClientSink
from mlx_relay.streams.buffers import Source, StreamBuffers
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.sink import LogSink

END_SECONDS: Final = 2.0
"""How long streams that were ended may take to do so when the service ends."""

_log = structlog.get_logger(__name__)


class Runner(Protocol):
    """What this needs of the Relay."""

    def admit(self, user_id: int, profile: Profile) -> AbstractAsyncContextManager[Turn]: ...

    async def run(self, chat: Chat, client: ClientSink, turn: Turn) -> object: ...

    def stop(self, stream_id: str, cause: str) -> None: ...


class Streams:
    """The resumable streams of this process; leaving the ``async with`` waits for their ends."""

    def __init__(self, relay: Runner, buffers: StreamBuffers, *, grace_seconds: float) -> None:
        self._relay = relay
        self._buffers = buffers
        self._grace_seconds = grace_seconds
        self._group = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self._group.__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=END_SECONDS)
        for task in self._running:
            task.cancel()
        await self._group.__aexit__(None, None, None)

    async def start(self, chat: Chat) -> Source:
        """Return the stream of *chat*; raises what ``Relay.admit`` raises."""
        started: asyncio.Future[StreamLog] = asyncio.get_running_loop().create_future()
        task = self._group.create_task(self._run(chat, started))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await started

    async def find(self, user_id: int, stream_id: str) -> Source:
        """Return a user's stream; raises NotFound, or Unavailable if that cannot be known."""
        return await self._buffers.find(StreamKey(user_id, stream_id))

    async def stop(self, user_id: int, stream_id: str) -> None:
        """End a user's stream, if it has not ended; raises as ``find``."""
        key = StreamKey(user_id, stream_id)
        if self._buffers.own(key):
            self._relay.stop(stream_id, "asked")
        else:
            await self._buffers.stop_elsewhere(key)

    def end_reading(self) -> None:
        """The service ends: let go of those who read what other processes write."""
        self._buffers.end_reading()

    async def _run(self, chat: Chat, started: asyncio.Future[StreamLog]) -> None:
        try:
            async with self._relay.admit(chat.info.user_id, chat.profile) as turn:
                if started.cancelled():
                    return
                log = self._buffers.open(StreamKey(chat.info.user_id, chat.info.stream_id))
                started.set_result(log)
                await self._feed(chat, log, turn)
        except RequestError as refusal:
            if not started.done():
                started.set_exception(refusal)
        except Exception as error:  # noqa: BLE001 - in a group it would end all other streams
            _log.exception("resumable_stream_failed", stream_id=chat.info.stream_id)
            if not started.done():
                started.set_exception(error)

    async def _feed(self, chat: Chat, log: StreamLog, turn: Turn) -> None:
        async with asyncio.TaskGroup() as group:
            guard = group.create_task(self._end_unread(log))
            await self._relay.run(chat, LogSink(self._buffers, log), turn)
            guard.cancel()

    async def _end_unread(self, log: StreamLog) -> None:
        """End the stream when nobody has read it for the time of grace."""
        while True:
            await log.has_no_reader.wait()
            try:
                async with asyncio.timeout(self._grace_seconds):
                    await log.has_reader.wait()
            except TimeoutError:
                if not await self._buffers.is_read_elsewhere(log.key):
                    self._relay.stop(log.key.stream_id, "no_reader")
                    return
