"""``GET /api/metrics/stream``: a sample a second of what this process does, for admins.

Each is one ``data:`` line with one JSON object, a ``Sample``. It works without the metrics sink.
Of several worker processes it shows the one that answers; ``/metrics`` has the sum of all.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

import msgspec
from aiohttp import web
from aiohttp_sse import EventSourceResponse

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import Unavailable
from mlx_relay.profiles import Profile
from mlx_relay.sinks.metrics_live import Figures, LiveSinks
from mlx_relay.web.app_keys import LIVE_STREAMS
from mlx_relay.web.event_stream import HEARTBEAT_SECONDS
from mlx_relay.web.metrics_process import memory_bytes, open_files
from mlx_relay.web.metrics_watchers import Watchers

STALL_SECONDS = 10.0

WATCH_SECONDS = 900.0
"""How long one may watch before the credentials are looked at again: the page comes back."""


class ProfileNow(msgspec.Struct, frozen=True):
    """A profile, its open streams, and whether its server was reached last time."""

    name: str
    active: int
    status: str


class Sample(Figures, frozen=True, kw_only=True):
    """One second's picture. *at* is Unix time, *loop_lag* by how much the event loop was late."""

    at: float
    memory_bytes: int
    open_files: int
    loop_lag: float
    sink_losses: dict[str, int]
    profiles: list[ProfileNow]


class LiveMetrics:
    """Makes samples from the streams' figures, the profiles and this process."""

    def __init__(
        self,
        streams: LiveSinks,
        *,
        sink_losses: Callable[[], dict[str, int]],
        load_profiles: Callable[[], Awaitable[list[Profile]]],
        profile_status: Callable[[int], str],
    ) -> None:
        self._streams = streams
        self._sink_losses = sink_losses
        self._profile_status = profile_status
        self._profile_cache = TtlCache[None, list[Profile]](lambda _key: load_profiles())
        self._profiles: list[Profile] = []
        self.watchers = Watchers(self._take)

    async def look_up_profiles(self) -> None:
        """Read the profiles again if they are old; a database that is gone leaves them so."""
        with suppress(Unavailable):
            self._profiles = await self._profile_cache.get(None)

    def sample(self, loop_lag: float) -> Sample:
        return Sample(
            **msgspec.structs.asdict(self._streams.figures()),
            at=time.time(),
            memory_bytes=memory_bytes(),
            open_files=open_files(),
            loop_lag=loop_lag,
            sink_losses=self._sink_losses(),
            profiles=[self._now(profile) for profile in self._profiles],
        )

    def _take(self, loop_lag: float) -> bytes:
        return msgspec.json.encode(self.sample(loop_lag))

    def _now(self, profile: Profile) -> ProfileNow:
        active = self._streams.active[profile.id]
        return ProfileNow(profile.name, active, self._profile_status(profile.id))


LIVE_METRICS = web.AppKey("live_metrics", LiveMetrics)


async def watch(request: web.Request) -> web.StreamResponse:
    """Stream samples until the client leaves or may not watch, or the server or time is over."""
    live = request.app[LIVE_METRICS]
    await live.look_up_profiles()
    streams = request.app[LIVE_STREAMS]
    with (
        live.watchers.join() as watcher,
        streams.hold(request[IDENTITY].grant, lambda: watcher.give(None)),
    ):
        response = EventSourceResponse(
            sep="\n", ping_interval=HEARTBEAT_SECONDS, send_timeout=STALL_SECONDS
        )
        await response.prepare(request)
        async with response:
            with suppress(ConnectionError, TimeoutError):
                async with asyncio.timeout(WATCH_SECONDS):
                    while (sample := await watcher.next()) is not None:
                        await response.send(sample.decode())
                        await live.look_up_profiles()
    return response


async def end_watching(app: web.Application) -> None:
    app[LIVE_METRICS].watchers.end()
