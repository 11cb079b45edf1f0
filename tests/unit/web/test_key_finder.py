"""A key is found, and its use noted beside the request, once a minute."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from aiohttp import web

from mlx_relay.errors import NotFound, Unavailable
from mlx_relay.grants import SCOPES
from mlx_relay.storage import Repository
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.key_finder import KeyFinder


class FakeRepository:
    """Has one key, and keeps who notes its use waiting until a test lets them."""

    def __init__(self, last_used_at: datetime | None = None) -> None:
        self.key = ApiKey(
            id=5,
            user_id=7,
            name="k",
            prefix="mlxr_abc",
            scopes=SCOPES,
            created_at=datetime.now(UTC),
            expires_at=None,
            last_used_at=last_used_at,
        )
        self.noted: list[int] = []
        self.go_on = asyncio.Event()
        self.failure: Exception | None = None

    async def api_key_by_hash(self, secret_hash: str) -> ApiKey | None:
        return self.key if secret_hash == "good" else None

    async def touch_api_key(self, key_id: int, _at: datetime) -> None:
        await self.go_on.wait()
        if self.failure:
            raise self.failure
        self.noted.append(key_id)


async def find(repository: FakeRepository, secret_hash: str = "good") -> ApiKey:
    """Return what is found while every note waits; then let them be made."""
    finder = KeyFinder(cast("Repository", repository))
    running = finder.run(web.Application())
    await anext(running)
    try:
        return await finder.find(secret_hash)
    finally:
        repository.go_on.set()
        assert [one async for one in running] == []


async def test_nobody_waits_for_the_note_and_the_end_does() -> None:
    repository = FakeRepository()
    assert await find(repository) == repository.key
    assert repository.noted == [5]


@pytest.mark.parametrize(("age", "notes"), [(1, []), (55, []), (61, [5]), (86_400, [5])])
async def test_a_use_is_noted_when_the_last_note_is_a_minute_old(
    age: float, notes: list[int]
) -> None:
    repository = FakeRepository(datetime.now(UTC) - timedelta(seconds=age))
    await find(repository)
    assert repository.noted == notes


async def test_a_key_that_nobody_has_is_not_found() -> None:
    with pytest.raises(NotFound):
        await find(FakeRepository(), "bad")


@pytest.mark.parametrize("failure", [Unavailable(), RuntimeError()])
async def test_a_note_that_cannot_be_made_keeps_nobody_out(failure: Exception) -> None:
    repository = FakeRepository()
    repository.failure = failure
    assert await find(repository) == repository.key
