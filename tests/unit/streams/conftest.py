"""A real Redis for the tests of what is kept there, and clients of it."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from mlx_relay.shared.client import open_redis
from support.redis import RedisServer, redis_server


@pytest.fixture(scope="session")
def redis_process() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


@pytest.fixture
async def redis(redis_process: RedisServer) -> AsyncIterator[Redis]:
    """A client of a Redis that holds nothing."""
    redis_process.clear()
    async with open_redis(redis_process.url) as redis:
        yield redis


@pytest.fixture
async def no_redis() -> AsyncIterator[Redis]:
    """A client of a Redis that is not there."""
    async with open_redis("redis://127.0.0.1:1") as redis:
        yield redis
