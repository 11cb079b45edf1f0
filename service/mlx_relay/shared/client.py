"""The URL of a Redis in; a client, which connects when it is used, out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from mlx_relay.errors import ConfigurationError

TIMEOUT_SECONDS = 1.0
"""For each answer: a Redis in the same network that takes longer is as good as away."""


@asynccontextmanager
async def open_redis(url: str) -> AsyncIterator[Redis]:
    """Yield the one client of a process; raises ConfigurationError. Who uses it tries again."""
    try:
        redis = Redis.from_url(
            url,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
            retry=Retry(NoBackoff(), 0),
        )
    except ValueError:
        raise ConfigurationError("settings: redis_url is not the URL of a Redis") from None
    async with redis:
        yield redis
