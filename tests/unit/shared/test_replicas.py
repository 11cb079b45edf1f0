"""A relay comes up with its Redis and without it."""

from pathlib import Path

from mlx_relay.admission import Limits
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.places import OwnPlaces
from mlx_relay.shared.replicas import open_replica
from support.redis import RedisServer

from .conftest import ADA, OPEN


async def test_it_counts_with_the_others_as_soon_as_it_is_there(redis: RedisServer) -> None:
    async with open_replica(
        redis.url, Limits(), places=OwnPlaces(), attempts=OwnAttempts()
    ) as shares:
        assert shares.trouble() is None
        assert shares.redis is not None
        async with shares.admission.admit(ADA, OPEN):
            assert redis.has("mlx-relay:admission:counts")


async def test_it_comes_up_without_its_redis_and_says_so(tmp_path: Path) -> None:
    async with open_replica(
        f"unix://{tmp_path}/none", Limits(), places=OwnPlaces(), attempts=OwnAttempts()
    ) as shares:
        assert shares.trouble() == "ConnectionError"
        async with shares.admission.admit(ADA, OPEN) as turn:
            assert turn.position == 0
