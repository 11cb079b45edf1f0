"""The cache asks again after five seconds, remembers no failure, and stays bounded."""

import asyncio

import pytest

from mlx_relay.auth import ttl_cache as module
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import NotFound


class Source:
    """Counts the look-ups; knows every number but 0. Its *now* is the cache's clock."""

    def __init__(self) -> None:
        self.asked = 0
        self.now = 0.0

    async def load(self, key: int) -> str:
        self.asked += 1
        if key == 0:
            raise NotFound
        return f"value {key}"

    def clock(self) -> float:
        return self.now


async def test_a_value_is_asked_for_once_in_five_seconds() -> None:
    source = Source()
    cache = TtlCache(source.load, clock=source.clock)
    for second in (0.0, 4.9):
        source.now = second
        assert await cache.get(1) == "value 1"
    assert source.asked == 1
    source.now = 5.0
    assert await cache.get(1) == "value 1"
    assert source.asked == 2


async def test_what_was_not_found_is_asked_for_again() -> None:
    source = Source()
    cache = TtlCache(source.load, clock=source.clock)
    for _ in range(2):
        with pytest.raises(NotFound):
            await cache.get(0)
    assert source.asked == 2


async def test_a_cleared_cache_asks_again() -> None:
    source = Source()
    cache = TtlCache(source.load, clock=source.clock)
    await cache.get(1)
    cache.clear()
    await cache.get(1)
    assert source.asked == 2


async def test_the_oldest_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ENTRIES", 3)
    source = Source()
    cache = TtlCache(source.load, clock=source.clock)
    for key in (1, 2, 3, 4, 4, 3, 2, 1):
        await cache.get(key)
    assert source.asked == 5


async def test_many_who_miss_at_once_cost_one_look_up() -> None:
    found = asyncio.Event()
    asked: list[int] = []

    async def load(key: int) -> str:
        asked.append(key)
        await found.wait()
        return "value"

    cache = TtlCache(load)
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(cache.get(1)) for _ in range(100)]
        await asyncio.sleep(0)
        found.set()
    assert {task.result() for task in tasks} == {"value"}
    assert asked == [1]


async def test_who_gives_up_leaves_the_look_up_to_the_next() -> None:
    asked: list[int] = []
    found = asyncio.Event()

    async def load(key: int) -> str:
        asked.append(key)
        await found.wait()
        return "value"

    cache = TtlCache(load)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(cache.get(1))
        second = group.create_task(cache.get(1))
        await asyncio.sleep(0)
        first.cancel()
        found.set()
        assert await second == "value"
    assert asked == [1, 1]


async def test_what_was_being_looked_up_when_all_was_forgotten_is_not_remembered() -> None:
    source = Source()
    changed = asyncio.Event()

    async def load(key: int) -> str:
        value = await source.load(key)
        await changed.wait()
        return value

    cache = TtlCache(load, clock=source.clock)
    async with asyncio.TaskGroup() as group:
        group.create_task(cache.get(1))
        await asyncio.sleep(0)
        cache.clear()
        changed.set()
    await cache.get(1)
    assert source.asked == 2
