"""A guesser gets no more tries because several relays answer."""

from contextlib import AsyncExitStack

import pytest

from mlx_relay.auth.throttle import ACCOUNT, ADDRESS, PAIR
from mlx_relay.errors import RateLimited
from support.redis import RedisServer
from support.until import until

from .conftest import Relay, start


async def fail(relay: Relay, account: str, address: str) -> None:
    await relay.shares.attempts.begin(account, address)


async def two(stack: AsyncExitStack, redis: RedisServer) -> list[Relay]:
    return [await start(stack, redis) for _ in range(2)]


async def test_failures_at_all_relays_count(redis: RedisServer, relays: AsyncExitStack) -> None:
    both = await two(relays, redis)
    for number in range(PAIR.tries):
        await fail(both[number % 2], "ada", "192.0.2.1")
    for relay in both:
        with pytest.raises(RateLimited) as refused:
            await fail(relay, "ada", "192.0.2.1")
        assert PAIR.seconds - 60 < refused.value.retry_after <= PAIR.seconds + 1
        await fail(relay, "bob", "192.0.2.2")


async def test_an_account_has_a_limit_over_all_addresses(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    both = await two(relays, redis)
    for number in range(ACCOUNT.tries):
        await fail(both[number % 2], "ada", f"192.0.2.{number}")
    with pytest.raises(RateLimited):
        await fail(both[0], "ada", "192.0.2.99")


async def test_an_address_has_a_limit_over_all_accounts(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    both = await two(relays, redis)
    for number in range(ADDRESS.tries):
        await fail(both[number % 2], f"user{number}", "192.0.2.1")
    with pytest.raises(RateLimited):
        await fail(both[1], "ada", "192.0.2.1")


async def test_the_right_password_at_one_relay_forgives_the_pair_at_the_other(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    for _ in range(PAIR.tries):
        await fail(here, "ada", "192.0.2.1")
    await there.shares.attempts.succeeded("ada", "192.0.2.1")
    await fail(here, "ada", "192.0.2.1")


async def test_logins_that_succeed_are_never_too_many(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, _ = await two(relays, redis)
    for _ in range(ACCOUNT.tries * 2):
        await fail(here, "ada", "192.0.2.1")
        await here.shares.attempts.succeeded("ada", "192.0.2.1")
    assert redis.keys("mlx-relay:sign-ins:*") == []


async def test_no_name_and_no_address_is_in_redis(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, _ = await two(relays, redis)
    await fail(here, "ada\0\ud800", "192.0.2.1")
    keys = redis.keys("mlx-relay:sign-ins:*")
    assert len(keys) == 3
    assert not any("ada" in key or "192" in key for key in keys)


async def test_without_redis_each_relay_counts_its_own(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    redis.kill()
    await until(lambda: here.shares.trouble() and there.shares.trouble())
    for relay in (here, there):
        for _ in range(PAIR.tries):
            await fail(relay, "ada", "192.0.2.1")
        with pytest.raises(RateLimited):
            await fail(relay, "ada", "192.0.2.1")
        await relay.shares.attempts.succeeded("ada", "192.0.2.1")
    redis.start()
    await until(lambda: here.shares.trouble() is None)
    await fail(here, "ada", "192.0.2.1")
