"""The one loop that joins upstream, pipeline and sinks; it owns cancellation and deadlines.

A chat in; events to every sink, and one Outcome, out. Laws: ``start`` is first, exactly one
terminal event is last, and the upstream is closed as soon as nobody waits for it.
"""

import asyncio
import math
import time

import msgspec
import structlog

from mlx_relay.admission import Turn
from mlx_relay.errors import StreamError
from mlx_relay.events import Event, Start, Status
from mlx_relay.grants import Grant
from mlx_relay.pipeline import Pipeline, ShortWay
from mlx_relay.profiles import Profile
from mlx_relay.sinks import ClientSink, Outcome, StreamInfo
from mlx_relay.sinks.fanout import FanOut
from mlx_relay.stopwatch import Stopwatch
from mlx_relay.upstream import Exchange, Exchanges, Head

_log = structlog.get_logger(__name__)


WAITING_SECONDS = 2.0
"""After this a client that has got nothing yet is told that the upstream is slow."""


class Chat(msgspec.Struct, frozen=True, kw_only=True):
    """What the relay needs of a request: whom to ask, what to send, how to read the answer.

    The stream goes on as long as *grant* stands.
    """

    profile: Profile
    body: bytes
    info: StreamInfo
    pipeline: Pipeline
    grant: Grant


class RelayedStream:
    """One chat on its way: takes the upstream's bytes, gives events to the sinks.

    What the upstream sends goes through to the sinks in the very call that brings it. Of its two
    tasks one waits for the upstream to open and to end, the other for a full client and for the
    terminal event. The first to fail ends both; leaving ``run`` closes the upstream.

    Between two tokens of a stream the processor has forgotten all about it: what every token
    touches has slots, here and in the sinks, because each piece of memory is fetched anew.
    """

    __slots__ = (
        "_chat",
        "_client",
        "_exchange",
        "_fan_out",
        "_gap",
        "_last",
        "_loop",
        "_pipeline",
        "_progressed_at",
        "_timer",
        "_waiting_at",
        "_wake",
        "_wants_raw",
        "_watch",
        "_way",
    )

    def __init__(self, chat: Chat, client: ClientSink, fan_out: FanOut) -> None:
        self._chat = chat
        self._client = client
        self._fan_out = fan_out
        self._pipeline = chat.pipeline
        self._exchange: Exchange | None = None
        self._wake = asyncio.Event()
        self._watch = Stopwatch(time.monotonic())
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._gap = chat.profile.deadlines.first_event
        self._wants_raw = fan_out.wants_raw
        # For text of the same kind as what was sent last.
        self._way: ShortWay | None = None
        # Only the time moves with each token: a float is cheaper than a timer.
        self._progressed_at = 0.0
        self._last = math.inf
        self._waiting_at = math.inf

    @property
    def id(self) -> str:
        return self._chat.info.stream_id

    async def run(self, upstream: Exchanges, turn: Turn) -> None:
        info = self._chat.info
        self._publish([Start(info.stream_id, info.profile, info.model)], time.monotonic())
        try:
            async with asyncio.TaskGroup() as group:
                source = group.create_task(self._pull(upstream, turn))
                try:
                    await self._keep_pace()
                finally:
                    self._watch.left(time.monotonic())
                    source.cancel()
        finally:
            self._watch.released(time.monotonic())
            if self._timer:
                self._timer.cancel()
            if self._client.is_stalled:
                self.fail(StreamError("too_slow", "client_stalled"))

    def data(self, data: bytes, at: float) -> None:
        if self._wants_raw:
            self._fan_out.receive(data, at)
        if self._way and (event := self._way.take(data)):
            self._progressed_at = at
            self._fan_out.send_more(event, at)
        else:
            self._take(data, at)
        if self._client.is_full and self._exchange:
            self._exchange.pause()
            self._wake.set()

    def _take(self, data: bytes, at: float) -> None:
        events = self._pipeline.feed_long_way(data, at)
        self._publish(events, at)
        way = self._pipeline.short_way
        self._way = way if way and events and type(events[-1]) is way.kind else None
        if self._pipeline.progressed:
            self._progressed_at = at
            if self._gap is not self._chat.profile.deadlines.next_event:
                self._gap = self._chat.profile.deadlines.next_event
                self._look_by(self._loop.time() + self._gap)

    def end(self, failure: StreamError | None) -> None:
        if failure is not None:
            self.fail(failure)
        else:
            now = time.monotonic()
            self._publish(self._pipeline.close(now), now)

    def fail(self, failure: StreamError) -> None:
        """End the stream with *failure*, unless it has ended already."""
        now = time.monotonic()
        self._watch.failed(failure)
        self._publish(self._pipeline.fail(failure, now), now)

    def revoke(self) -> None:
        """End the stream: what let its user in has ended."""
        self.fail(StreamError("session_revoked", "revoked"))

    def outcome(self) -> Outcome:
        now, received = time.monotonic(), self._pipeline.bytes_received
        return self._watch.outcome(now, self._fan_out.events, received)

    async def _pull(self, upstream: Exchanges, turn: Turn) -> None:
        try:
            await self._queue(turn)
            if self._pipeline.ended:
                return
            exchange = await upstream.open(self._chat.profile, self._chat.body, self._note_head)
            async with exchange:
                self._exchange = exchange
                self._progressed_at = time.monotonic()
                self._look_by(self._loop.time() + self._gap)
                await exchange.pump(self)
        except StreamError as failure:
            self.fail(failure)
        except Exception:  # noqa: BLE001 - a bug of ours must end as an event too
            _log.exception("relay_failed", stream_id=self._chat.info.stream_id)
            self.fail(StreamError("internal", "bug"))

    async def _queue(self, turn: Turn) -> None:
        """Wait for the turn; the deadlines run from then on."""
        was_queued = False
        async for position in turn.positions():
            was_queued = True
            self._say(Status("queued", position))
        now = self._loop.time()
        self._last = now + self._chat.profile.deadlines.total
        self._waiting_at = now if was_queued else now + WAITING_SECONDS
        self._look_by(min(self._last, self._waiting_at))

    async def _keep_pace(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._client.drain()
            except ConnectionError:
                return
            if self._exchange:
                self._exchange.resume()
            if self._pipeline.ended:
                return

    def _say(self, status: Status) -> None:
        """Tell *status* to a client that has got nothing of the answer yet."""
        if not self._watch.has_output and not self._pipeline.ended:
            self._publish([status], time.monotonic())

    def _publish(self, events: list[Event], at: float) -> None:
        if events:
            self._way = None
            self._watch.saw(events, at)
            self._fan_out.send(events, at)
            if self._pipeline.ended:
                self._wake.set()

    def _note_head(self, head: Head) -> None:
        self._fan_out.receive_head(head.status, head.headers, time.monotonic())

    def _look_by(self, when: float) -> None:
        """Look at the deadlines at *when* at the latest: a look that is due before sets the next.

        A timer costs as much as many tokens, so there is one.
        """
        if self._timer:
            if self._timer.when() <= when:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._loop.time()
        if now >= self._waiting_at:
            self._waiting_at = math.inf
            self._say(Status("waiting"))
        if now >= self._last:
            self.fail(StreamError("upstream_timeout", "total"))
        elif self._exchange and (left := self._patience(self._exchange)) <= 0:
            cause = "idle" if self._watch.has_output else "no_progress"
            self.fail(StreamError("upstream_timeout", cause))
        else:
            gap_ends = now + left if self._exchange else math.inf
            self._look_by(min(self._last, self._waiting_at, gap_ends))

    def _patience(self, exchange: Exchange) -> float:
        """Return for how long the upstream may still be silent; it is not while it is paused."""
        if exchange.is_paused:
            self._progressed_at = time.monotonic()
        return self._progressed_at + self._gap - time.monotonic()
