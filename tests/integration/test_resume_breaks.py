"""Clients that break off at any event and come back lose no character, and see none twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from integration.conftest import CASSETTES
from support.processes import Service, running
from support.redis import redis_server
from support.relay import RelayService
from support.resuming import break_off_at_random, two_relays

SEED = 5


@pytest.fixture(scope="module")
def slow_fake() -> Iterator[Service]:
    """The recorded servers, as fast as they were: streams are there long enough to be left."""
    with running("fake_mlx", "serve", "--port", "0", "--cassettes", str(CASSETTES)) as service:
        yield service


async def test_60_breaks_lose_nothing(relay: RelayService, slow_fake: Service) -> None:
    await break_off_at_random([relay], slow_fake, breaks=60, seed=SEED)


async def test_60_breaks_lose_nothing_when_half_come_back_to_another_relay(
    slow_fake: Service, tmp_path: Path
) -> None:
    with redis_server() as redis, two_relays(tmp_path, redis.url) as relays:
        await break_off_at_random(relays, slow_fake, breaks=60, seed=SEED)


@pytest.mark.nightly
async def test_1000_breaks_lose_nothing(slow_fake: Service, tmp_path: Path) -> None:
    with redis_server() as redis, two_relays(tmp_path, redis.url) as relays:
        await break_off_at_random(relays, slow_fake, breaks=1000, seed=SEED)
