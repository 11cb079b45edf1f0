"""With Redis a client may come back to another relay, and Redis itself may come and go."""

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import aiohttp
import pytest

from support.held_model import END, HeldModel
from support.redis import RedisServer, redis_server
from support.relay import RelayService
from support.resuming import begin, come_back, stop, take, two_relays

GRACE_SECONDS = 0.5
MORE = b'data: {"choices":[{"delta":{"content":" again"}}]}\n\n'


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with redis_server() as redis:
        yield redis


@pytest.fixture
def relays(redis: RedisServer, tmp_path: Path) -> Iterator[list[RelayService]]:
    grace = str(GRACE_SECONDS)
    with two_relays(tmp_path, redis.url, MLX_RELAY_RESUME_GRACE_SECONDS=grace) as relays:
        yield relays


@pytest.fixture
async def here(relays: list[RelayService]) -> AsyncIterator[aiohttp.ClientSession]:
    async with relays[0].session() as session:
        yield session


@pytest.fixture
async def there(relays: list[RelayService]) -> AsyncIterator[aiohttp.ClientSession]:
    async with relays[1].session() as session:
        yield session


@pytest.fixture
async def profile_id(
    relays: list[RelayService], here: aiohttp.ClientSession, model: HeldModel
) -> int:
    place = {"host": "127.0.0.1", "port": model.port, "model_path": "m"}
    return await relays[0].add_profile(here, name="p", **place)


async def test_a_reader_elsewhere_keeps_a_stream_alive_and_can_stop_it(
    here: aiohttp.ClientSession, there: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(here, profile_id) as answer:
        held = await model.next()
        held.say()
        start, first = await take(answer, 2)
    stream_id = start.event["stream_id"]
    async with come_back(there, stream_id, first.number) as answer:
        async with begin(here, profile_id):
            forgotten = await model.next()
        await forgotten.left.wait()
        assert not held.left.is_set()
        held.say(MORE)
        (more,) = await take(answer, 1)
        assert (more.number, more.event["content"]) == (3, " again")
        assert await stop(there, stream_id) == 204
        await held.left.wait()
        (end,) = await take(answer)
    assert (end.number, end.event["code"]) == (4, "stopped")
    async with come_back(there, stream_id, 4) as answer:
        assert answer.status == 204
    assert await stop(there, "0" * 32) == 404
    async with come_back(there, "0" * 32, 0) as answer:
        assert answer.status == 404


async def test_the_streams_of_a_relay_that_was_killed_end_once_for_all_who_come_back(
    relays: list[RelayService],
    here: aiohttp.ClientSession,
    there: aiohttp.ClientSession,
    model: HeldModel,
    profile_id: int,
) -> None:
    async with begin(here, profile_id) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
        stream_id = start.event["stream_id"]
        async with come_back(there, stream_id, 0) as other, come_back(there, stream_id, 0) as third:
            assert [one.number for one in await take(other, 2)] == [1, 2]
            relays[0].service.stop(signal.SIGKILL)
            async with asyncio.TaskGroup() as group:
                ends = [group.create_task(take(other)), group.create_task(take(third))]
    last = [task.result()[-1] for task in ends]
    assert last[0] == last[1]
    assert (last[0].number, last[0].event["code"]) == (3, "shutting_down")
    assert last[0].event["detail"] == "process_gone"
    async with come_back(there, stream_id, 0) as answer:
        assert [one.event["type"] for one in await take(answer)] == ["start", "response", "error"]


@pytest.mark.parametrize("forgets", [False, True])
async def test_redis_may_restart_and_even_forget_while_streams_are_read(
    redis: RedisServer,
    here: aiohttp.ClientSession,
    there: aiohttp.ClientSession,
    model: HeldModel,
    profile_id: int,
    forgets: bool,
) -> None:
    async with begin(here, profile_id) as near:
        held = await model.next()
        held.say()
        start, _ = await take(near, 2)
        stream_id = start.event["stream_id"]
        async with come_back(there, stream_id, 0) as far:
            assert [one.number for one in await take(far, 2)] == [1, 2]
            redis.kill()
            held.say(MORE)
            assert [one.number for one in await take(near, 1)] == [3]
            async with come_back(there, stream_id, 0) as refused:
                assert refused.status == 503
            if forgets:
                redis.forget()
            redis.start()
            assert [one.number for one in await take(far, 1)] == [3]
            held.say(END)
            held.hang_up()
            assert [one.number for one in await take(near)] == [4]
            assert [one.event["type"] for one in await take(far)] == ["done"]
    async with come_back(there, stream_id, 0) as late:
        assert [one.number for one in await take(late)] == [1, 2, 3, 4]
