"""Who is let in at several relays, who waits in which place, and what happens without Redis."""

import asyncio
from contextlib import AsyncExitStack

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlx_relay.admission import Admission, Limits
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.errors import RateLimited, RequestError, Unavailable
from mlx_relay.shared import admission
from mlx_relay.shared.shares import Shares
from support.redis import RedisServer
from support.until import until

from .conftest import ADA, BOB, EVE, OPEN, Relay, Stream, start

NARROW = msgspec.structs.replace(OPEN, max_streams=1)
PAIR = msgspec.structs.replace(OPEN, max_streams=2)


async def two(
    stack: AsyncExitStack, redis: RedisServer, limits: Limits | None = None
) -> list[Relay]:
    return [await start(stack, redis, limits) for _ in range(2)]


def running_of(streams: list[Stream]) -> list[Stream]:
    return [stream for stream in streams if stream.turn.position == 0]


async def at(position: int, stream: Stream) -> None:
    await until(lambda: stream.turn.position == position)


async def test_the_limits_of_all_and_of_a_user_hold_over_relays(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis, Limits(max_streams=2, max_streams_per_user=1))
    ada = await here.stream(ADA, OPEN)
    with pytest.raises(RateLimited):
        await there.stream(ADA, OPEN)
    bob = await there.stream(BOB, OPEN)
    with pytest.raises(Unavailable):
        await here.stream(EVE, OPEN)
    await ada.leave()
    await (await there.stream(ADA, OPEN)).leave()
    await bob.leave()


async def test_a_profile_runs_no_more_than_its_limit_over_relays(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    streams = await asyncio.gather(
        *(relay.stream(user, PAIR) for relay in (here, there) for user in (ADA, BOB, EVE))
    )
    assert len(running_of(streams)) == 2
    while streams:
        running = running_of(streams)
        assert len(running) == min(2, len(streams))
        streams.remove(running[0])
        await running[0].leave()
        await until(lambda: len(running_of(streams)) == min(2, len(streams)))


async def test_users_take_turns_at_whichever_relay_they_came_in(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    running = await here.stream(ADA, NARROW)
    flood = [await here.stream(ADA, NARROW) for _ in range(3)]
    bob = await there.stream(BOB, NARROW)
    for position, stream in zip((1, 3, 4, 2), (*flood, bob), strict=True):
        await at(position, stream)
    await running.leave()
    for position, stream in zip((0, 2, 3, 1), (*flood, bob), strict=True):
        await at(position, stream)
    await flood[0].leave()
    await at(0, bob)
    await flood[2].leave()
    await bob.leave()
    await at(0, flood[1])
    await flood[1].leave()


async def test_queues_are_as_long_as_one_over_relays(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis, Limits(max_queued=2, max_queued_per_user=1))
    streams = [await here.stream(ADA, NARROW), await there.stream(ADA, NARROW)]
    with pytest.raises(RateLimited, match="waiting"):
        await here.stream(ADA, NARROW)
    streams.append(await here.stream(BOB, NARROW))
    with pytest.raises(Unavailable, match="wait for this model"):
        await there.stream(EVE, NARROW)
    for stream in streams:
        await stream.leave()


async def test_who_leaves_while_it_asks_leaves_nothing_behind(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    async with asyncio.TaskGroup() as group:
        asking = [group.create_task(here.stream(ADA, NARROW)) for _ in range(5)]
        await asyncio.sleep(0)
        for task in asking:
            task.cancel()
    stream = await here.stream(BOB, NARROW)
    assert stream.turn.position == 0
    await stream.leave()
    await (await there.stream(EVE, NARROW)).leave()


async def test_what_a_relay_that_died_held_is_free_when_its_lease_is_over(
    redis: RedisServer, relays: AsyncExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "LEASE_SECONDS", 0.3)
    monkeypatch.setattr(admission, "RENEW_SECONDS", 1000.0)
    dead = await start(relays, redis)
    running, waits = await dead.stream(ADA, NARROW), await dead.stream(ADA, NARROW)
    dead.shares.admission._next_look = float("inf")  # type: ignore[attr-defined]  # it is dead
    monkeypatch.undo()
    alive = await start(relays, redis)
    bob = await alive.stream(BOB, NARROW)
    await at(0, bob)
    for stream in (bob, running, waits):
        await stream.leave()


async def test_a_relay_that_says_good_bye_frees_its_places_at_once(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here = await start(relays, redis)
    async with AsyncExitStack() as stack:
        there = await start(stack, redis)
        await there.stream(ADA, NARROW)
        bob = await here.stream(BOB, NARROW)
        await at(1, bob)
    await at(0, bob)
    await bob.leave()


async def test_without_redis_a_relay_counts_alone_what_it_runs_and_lets_wait(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    running = await here.stream(ADA, NARROW)
    first, second = await there.stream(BOB, NARROW), await here.stream(EVE, NARROW)
    await at(2, second)
    redis.kill()
    await at(0, first)
    await at(1, second)
    assert here.shares.trouble() is not None
    third = await here.stream(ADA, NARROW)
    assert third.turn.position == 2
    redis.start()
    await until(lambda: here.shares.trouble() is None and there.shares.trouble() is None)
    fourth = await there.stream(BOB, NARROW)
    await at(3, fourth)
    await first.leave()
    fifth = await here.stream(EVE, NARROW)
    assert (second.turn.position, fifth.turn.position) == (1, 4)
    await running.leave()
    await at(0, second)
    for stream in (second, third, fourth, fifth):
        await stream.leave()


async def test_a_redis_that_forgot_everything_is_told_it_again(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here, there = await two(relays, redis)
    running = await here.stream(ADA, NARROW)
    waits = await here.stream(ADA, NARROW)
    redis.clear()
    await until(lambda: redis.has("mlx-relay:admission:turns:2"))
    bob = await there.stream(BOB, NARROW)
    await at(2, bob)
    await running.leave()
    await at(0, waits)
    await waits.leave()
    await at(0, bob)
    await bob.leave()


async def test_nothing_is_left_of_streams_that_ended(
    redis: RedisServer, relays: AsyncExitStack
) -> None:
    here = await start(relays, redis)
    streams = [await here.stream(user, NARROW) for user in (ADA, ADA, BOB)]
    for stream in streams:
        await stream.leave()
    await until(lambda: not redis.has("mlx-relay:admission:counts"))
    assert redis.keys("mlx-relay:admission:*") == [
        "mlx-relay:admission:relays",
        "mlx-relay:admission:turn",
    ]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from([ADA, BOB, EVE]), st.integers(0, 1)),
        st.tuples(st.just("leave"), st.integers(0, 20), st.just(0)),
    ),
    max_size=14,
)


@settings(max_examples=20)
@given(steps=STEPS)
def test_two_relays_let_in_whom_one_process_would(
    redis: RedisServer, steps: list[tuple[str, int, int]]
) -> None:
    redis.clear()
    asyncio.run(_compare(redis, steps))


async def _compare(redis: RedisServer, steps: list[tuple[str, int, int]]) -> None:
    """Do *steps* at two relays and at one process, and want the same of both after each."""
    limits = Limits(max_streams=9, max_streams_per_user=5, max_queued=5, max_queued_per_user=3)
    alone = Relay(Shares(Admission(limits), OwnAttempts()))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(admission, "LOOK_SECONDS", 0.002)
        async with AsyncExitStack() as stack:
            both = await two(stack, redis, limits)
            pairs: list[tuple[Stream, Stream]] = []
            for verb, number, where in steps:
                if verb == "join":
                    found = await _tried(both[where], number), await _tried(alone, number)
                    assert type(found[0]) is type(found[1])
                    if isinstance(found[0], Stream) and isinstance(found[1], Stream):
                        pairs.append((found[0], found[1]))
                elif pairs:
                    for stream in pairs.pop(number % len(pairs)):
                        await stream.leave()
                    for relay in both:  # what is asked after it is answered after it
                        await relay.shares.attempts.succeeded("ada", "192.0.2.1")
                await until(lambda: all(a.turn.position == b.turn.position for a, b in pairs))
            for pair in pairs:
                for stream in pair:
                    await stream.leave()


async def _tried(relay: Relay, user_id: int) -> Stream | RequestError:
    try:
        return await relay.stream(user_id, PAIR)
    except RequestError as refusal:
        return refusal
