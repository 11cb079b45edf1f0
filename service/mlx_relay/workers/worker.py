"""Orders and connections in; streams out: the service, but for where its connections come from."""

import asyncio
import signal
import socket
from contextlib import aclosing
from functools import partial
from typing import cast

import structlog
from aiohttp import web

from mlx_relay.admission import Admission
from mlx_relay.app import limits_of, running, wind_down
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.shared.shares import open_shares
from mlx_relay.stopping import Stopping, exit_soon
from mlx_relay.workers.door import Arrivals
from mlx_relay.workers.orders import Orders
from mlx_relay.workers.places import SharedPlaces
from mlx_relay.workers.throttle import SharedThrottle

LOOK_SECONDS = 0.1
"""How often those who wait look for a place that another worker freed."""

_log = structlog.get_logger(__name__)


HURRY_SECONDS = 0.7
"""What is left to a worker of the parent's time when it is to end at once."""


async def work(orders: Orders, door: socket.socket) -> None:
    """Serve what comes through *door*, and go down as a whole service does.

    When the parent says so, *door* stays open meanwhile; when SIGTERM says so, other workers are
    there for new connections. A parent that is gone ends us too.
    """
    settings = orders.loaded_settings
    places = SharedPlaces(orders.places, orders.number)
    attempts = OwnAttempts(SharedThrottle(orders.throttle))
    stopping = Stopping(partial(exit_soon, seconds=HURRY_SECONDS))
    async with (
        open_shares(
            settings.redis_url, limits_of(settings), places=places, attempts=attempts
        ) as shares,
        running(settings, shares) as runner,
        asyncio.TaskGroup() as group,
    ):
        looking = group.create_task(_look_for_places(shares.admission))
        serving = group.create_task(_serve(runner, Arrivals(door, stopping.ask)))
        asked = group.create_task(stopping.asked.wait())

        def stop_alone() -> None:
            serving.cancel()
            stopping.ask()

        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop_alone)
        await asyncio.wait([serving, asked], return_when=asyncio.FIRST_COMPLETED)
        await wind_down(runner, stopping)
        for task in (looking, serving, asked):
            task.cancel()


async def _serve(runner: web.AppRunner, arrivals: Arrivals) -> None:
    loop = asyncio.get_running_loop()
    protocol_factory = cast("web.Server", runner.server)
    async with aclosing(arrivals.connections()) as connections:
        async for connection in connections:
            try:
                await loop.connect_accepted_socket(protocol_factory, connection)
            except OSError as error:  # it broke on its way here
                _log.info("connection_lost_at_the_door", error=error.strerror)


async def _look_for_places(admission: Admission) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        admission.advance()
