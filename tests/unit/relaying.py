"""What the relay and its streams are tested with: fakes of an upstream and of a client."""

import asyncio
from collections.abc import Sequence
from typing import Self

from mlx_relay.admission import Admission, Limits, Turn
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.events import Event, encode
from mlx_relay.grants import Grant, SessionGrant
from mlx_relay.pipeline import Pipeline
from mlx_relay.profiles import Deadlines, Profile
from mlx_relay.relay import Relay
from mlx_relay.relayed_stream import Chat
from mlx_relay.sinks import Outcome, StreamInfo
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.upstream import OnHead, Receiver
from support.values import stream_info

TEXT = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
THOUGHT = b'data: {"choices":[{"delta":{"reasoning":"hm"}}]}\n\n'
GRANT = SessionGrant(7, 0, "sign-in")
STOP = b'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class FakeExchange:
    """Gives its pieces one by one, waits while it is paused, then ends or stays silent."""

    def __init__(self, pieces: Sequence[bytes], *, ends: bool = True) -> None:
        self.pieces = pieces
        self.ends = ends
        self.closed = asyncio.Event()
        self.given = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.closed.set()

    @property
    def is_paused(self) -> bool:
        return not self.flowing.is_set()

    def pause(self) -> None:
        self.flowing.clear()

    def resume(self) -> None:
        self.flowing.set()

    async def pump(self, receiver: Receiver) -> None:
        for piece in self.pieces:
            await self.flowing.wait()
            receiver.data(piece, asyncio.get_running_loop().time())
            self.given += 1
            await asyncio.sleep(0)
        if not self.ends:
            await asyncio.get_running_loop().create_future()
        receiver.end(None)


class FakeUpstream:
    """Opens one exchange, raises one failure, or never answers."""

    def __init__(self, outcome: FakeExchange | Exception | None) -> None:
        self.outcome = outcome
        self.asked = asyncio.Event()
        self.cancelled = False

    async def open(
        self, profile: Profile, body: bytes, on_head: OnHead = lambda _: None
    ) -> FakeExchange:
        self.asked.set()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        assert isinstance(self.outcome, FakeExchange)
        return self.outcome


class FakeClient:
    """The client's sink: keeps events, may be gone, slow, or dropped as stalled."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.is_full = False
        self.is_stalled = False
        self.gone = False
        self.reads = asyncio.Event()
        self.reads.set()
        self.got_text = asyncio.Event()
        self.sent = asyncio.Event()

    async def got(self, event: Event) -> None:
        """Wait for *event*."""
        while event not in self.events:
            self.sent.clear()
            await self.sent.wait()

    def send(self, events: Sequence[Event]) -> None:
        self.events += events
        self.sent.set()
        if any(type(event).__name__ == "Response" for event in events):
            self.got_text.set()

    async def drain(self) -> None:
        if self.gone:
            raise ConnectionResetError
        await self.reads.wait()

    async def close(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def types(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def last(self) -> str:
        return encode(self.events[-1]).decode()


class Keeper:
    """A side sink, and a factory of itself, that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    def open(self, stream: StreamInfo) -> Self:
        return self

    def send(self, events: Sequence[Event]) -> None:
        self.events += events

    async def drain(self) -> None:
        """Nothing waits here."""

    async def close(self, outcome: Outcome | None = None) -> None:
        """Nothing to close."""


def chat(*, deadlines: dict[str, float] | None = None) -> Chat:
    profile = Profile(
        id=2,
        name="p",
        host="127.0.0.1",
        port=1,
        model_path="m",
        deadlines=Deadlines(**(deadlines or {})),
    )
    return Chat(profile=profile, body=b"{}", info=stream_info(), pipeline=Pipeline(), grant=GRANT)


async def none_has_ended(_grants: object) -> set[Grant]:
    return set()


def relay(
    upstream: FakeUpstream,
    live_streams: LiveStreams | None = None,
    side_sinks: SideSinks | None = None,
) -> Relay:
    return Relay(
        upstream,
        side_sinks or SideSinks({}, SinkHealth()),
        admission=Admission(Limits()),
        live_streams=live_streams or LiveStreams(none_has_ended),
    )


def queued(position: int) -> Turn:
    turn = Turn()
    turn.move(position)
    return turn
