"""The way down: a word to stop in; no new streams, and those that run at their end, out.

The port stays open meanwhile: whoever asks for health is answered, a page can store what came of
its last stream, and who wants a new one is told to come back.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog
from aiohttp import hdrs, web

from mlx_relay.stopping import Stopping
from mlx_relay.web.app_keys import IS_DRAINING, RELAY
from mlx_relay.web.connections import HURRIED_SECONDS
from mlx_relay.web.live_metrics import end_watching

END_SECONDS = 2.0
"""How long a client may take to read that its stream has ended."""

_log = structlog.get_logger(__name__)


class Draining:
    """Takes one application down.

    For *pre_stop_seconds* new streams are still taken: a balancer needs a moment to see that we
    are not ready any more. Then the streams that run have *drain_seconds* to end.
    """

    def __init__(self, *, pre_stop_seconds: float, drain_seconds: float) -> None:
        self.has_begun = False
        self._takes_no_more = False
        self._pre_stop_seconds = pre_stop_seconds
        self._drain_seconds = drain_seconds
        self._end_seconds = END_SECONDS

    async def run(self, app: web.Application, stopping: Stopping) -> None:
        """Return when no stream is left, when their time is over, or when *stopping* hurries."""
        relay = app[RELAY]
        self.has_begun = True
        if had_streams := relay.streams > 0:
            _log.info("draining", streams=relay.streams, seconds=self._drain_seconds)
        await _run_one(self._pre_stop_seconds, stopping.hurried.wait())
        self._takes_no_more = True
        await end_watching(app)
        await _run_one(self._drain_seconds, relay.drain(), stopping.hurried.wait())
        if had_streams:
            _log.info("drained", streams_left=relay.streams)
        if stopping.hurried.is_set():
            self._end_seconds = HURRIED_SECONDS

    async def end(self, app: web.Application) -> None:
        """End what is left of the streams, also where a client does not read its end."""
        relay = app[RELAY]
        relay.shut_down()
        await _run_one(self._end_seconds, relay.drain())
        relay.let_go()
        await _run_one(self._end_seconds, relay.drain())

    async def end_connection(self, request: web.Request, response: web.StreamResponse) -> None:
        """Say that no other request is to come through this connection."""
        del request
        if self._takes_no_more:
            response.force_close()
            response.headers[hdrs.CONNECTION] = "close"


DRAINING = web.AppKey("draining", Draining)


def setup_draining(app: web.Application, *, pre_stop_seconds: float, drain_seconds: float) -> None:
    draining = Draining(pre_stop_seconds=pre_stop_seconds, drain_seconds=drain_seconds)
    app[DRAINING] = draining
    app[IS_DRAINING] = lambda: draining.has_begun
    app.on_response_prepare.append(draining.end_connection)
    app.on_shutdown.append(draining.end)
    app.on_shutdown.append(end_watching)


async def _run_one(seconds: float, *works: Coroutine[Any, Any, object]) -> None:
    """Run *works* until the first of them ends, or for *seconds*."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(work) for work in works]
        await asyncio.wait(tasks, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
