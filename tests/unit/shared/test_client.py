"""A client of a URL, or one line about the setting that shows no password."""

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.shared.client import open_redis
from support.redis import RedisServer


async def test_it_talks_to_the_redis_of_the_url(redis: RedisServer) -> None:
    async with open_redis(redis.url) as client:
        assert await client.ping()


async def test_what_is_no_url_is_refused_without_being_shown() -> None:
    with pytest.raises(ConfigurationError) as refused:
        async with open_redis("http://:secret@host"):
            pass
    assert "redis_url" in str(refused.value)
    assert "secret" not in str(refused.value)
