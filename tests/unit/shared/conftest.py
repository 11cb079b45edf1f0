"""A real Redis, and relays that share it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack

import pytest

from mlx_relay.admission import Limits, Turn
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.places import OwnPlaces
from mlx_relay.profiles import Profile
from mlx_relay.shared.shares import Shares, open_shares
from support.redis import RedisServer, redis_server
from support.until import until

OPEN = Profile(id=2, name="p", host="127.0.0.1", port=1, model_path="m")
ADA, BOB, EVE = 1, 2, 3


class Stream:
    """One stream, from the request until it leaves."""

    def __init__(self, admitted: AbstractAsyncContextManager[Turn], turn: Turn) -> None:
        self._admitted = admitted
        self.turn = turn

    async def leave(self) -> None:
        await self._admitted.__aexit__(None, None, None)


class Relay:
    """One of several relays."""

    def __init__(self, shares: Shares) -> None:
        self.shares = shares

    async def stream(self, user_id: int, profile: Profile) -> Stream:
        admitted = self.shares.admission.admit(user_id, profile)
        return Stream(admitted, await admitted.__aenter__())


@pytest.fixture(scope="package")
def redis() -> Iterator[RedisServer]:
    with redis_server() as server:
        yield server


Start = Callable[..., AbstractAsyncContextManager[Relay]]


@pytest.fixture
async def relays(redis: RedisServer) -> AsyncIterator[AsyncExitStack]:
    """A stack for relays; all that they left in Redis is taken away."""
    redis.clear()
    async with AsyncExitStack() as stack:
        yield stack


async def start(stack: AsyncExitStack, redis: RedisServer, limits: Limits | None = None) -> Relay:
    """Start a relay, which ends with *stack*; returns when it has reached Redis."""
    opening = open_shares(redis.url, limits or Limits(), places=OwnPlaces(), attempts=OwnAttempts())
    relay = Relay(await stack.enter_async_context(opening))
    await until(lambda: relay.shares.trouble() is None)
    return relay
