"""The URL of a Redis in; this process as one of several relays that count together out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mlx_relay.admission import Limits
from mlx_relay.auth.attempts import Attempts
from mlx_relay.places import Places
from mlx_relay.shared import admission
from mlx_relay.shared import attempts as shared_attempts
from mlx_relay.shared.client import open_redis
from mlx_relay.shared.link import Link
from mlx_relay.shared.shares import Shares

SCRIPTS = {"admission": admission.SCRIPT, "attempts": shared_attempts.SCRIPT}


@asynccontextmanager
async def open_replica(
    url: str, limits: Limits, *, places: Places, attempts: Attempts
) -> AsyncIterator[Shares]:
    """Yield what this relay shares, also when Redis is away: then until it comes, its own."""
    async with open_redis(url) as redis:
        link = Link(redis, SCRIPTS)
        shared = admission.SharedAdmission(limits, link, places)
        async with link.kept(shared):
            yield Shares(
                shared, shared_attempts.SharedAttempts(attempts, link), redis, lambda: link.trouble
            )
