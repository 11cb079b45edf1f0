"""Orders and connections in; streams out: the service, but for where its connections come from."""

import asyncio
import signal
import socket
from contextlib import aclosing
from typing import cast

import structlog
from aiohttp import web

from mlx_relay.admission import Admission
from mlx_relay.app import limits_of, running
from mlx_relay.workers.door import Arrivals
from mlx_relay.workers.orders import Orders
from mlx_relay.workers.places import SharedPlaces
from mlx_relay.workers.throttle import SharedThrottle

LOOK_SECONDS = 0.1
"""How often those who wait look for a place that another worker freed."""

_log = structlog.get_logger(__name__)


async def work(orders: Orders, door: socket.socket) -> None:
    """Serve what comes through *door* until the parent closes it or dies, or SIGTERM comes."""
    settings = orders.loaded_settings
    admission = Admission(limits_of(settings), SharedPlaces(orders.places, orders.number))
    throttle = SharedThrottle(orders.throttle)
    async with running(settings, admission, throttle) as runner, asyncio.TaskGroup() as group:
        looking = group.create_task(_look_for_places(admission))
        serving = group.create_task(_serve(runner, Arrivals(door)))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, serving.cancel)
        await asyncio.wait([serving])
        looking.cancel()


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
