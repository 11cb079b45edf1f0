"""Sign-ins on both engines: each step once, races forgiven, copies found out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from mlx_relay.errors import NotFound
from mlx_relay.storage import Database, open_database, sign_ins
from mlx_relay.storage.records import User
from mlx_relay.storage.sign_ins import GRACE, IDLE, LIFETIME, SignIn

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
async def ada(database: Database) -> User:
    return await database.repository.add_user("ada", "hash")


async def test_each_renewal_is_a_generation_and_tells_whose_it_is(
    database: Database, ada: User
) -> None:
    started = await database.sign_ins.start(ada, NOON)
    assert started == SignIn(started.id, 1, NOON + IDLE, ada)
    later = NOON + timedelta(minutes=15)
    renewed = await database.sign_ins.renew(started.id, 1, later)
    assert renewed == SignIn(started.id, 2, later + IDLE, ada)


async def test_two_tabs_that_bring_one_token_get_the_same_next_one(
    database: Database, ada: User
) -> None:
    started = await database.sign_ins.start(ada, NOON)
    both = await asyncio.gather(
        *(database.sign_ins.renew(started.id, 1, NOON + GRACE) for _ in range(2))
    )
    assert both[0] == both[1]
    assert isinstance(both[0], SignIn)
    assert isinstance(await database.sign_ins.renew(started.id, 2, NOON + GRACE), SignIn)


async def test_an_old_token_ends_the_sign_in_for_whoever_has_the_new_one(
    database: Database, ada: User
) -> None:
    started = await database.sign_ins.start(ada, NOON)
    other = await database.sign_ins.start(ada, NOON)
    await database.sign_ins.renew(started.id, 1, NOON)
    late = NOON + GRACE + SECOND
    assert await database.sign_ins.renew(started.id, 1, late) == "reused"
    assert await database.sign_ins.renew(started.id, 2, late) == "unknown"
    assert isinstance(await database.sign_ins.renew(other.id, 1, late), SignIn)


async def test_a_token_two_steps_old_is_no_race(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    await database.sign_ins.renew(started.id, 1, NOON)
    await database.sign_ins.renew(started.id, 2, NOON)
    assert await database.sign_ins.renew(started.id, 1, NOON) == "reused"


async def test_a_week_without_use_ends_it(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    assert await database.sign_ins.renew(started.id, 1, NOON + IDLE) == "expired"


async def test_a_month_ends_it_however_often_it_was_used(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    for generation, days in enumerate((6, 12, 18, 24), start=1):
        at = NOON + timedelta(days=days)
        renewed = await database.sign_ins.renew(started.id, generation, at)
        assert isinstance(renewed, SignIn)
        assert renewed.expires_at == min(at + IDLE, NOON + LIFETIME)
    assert await database.sign_ins.renew(started.id, 5, NOON + LIFETIME) == "expired"


async def test_a_disabled_user_renews_nothing(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    await database.repository.change_user(ada.id, disabled=True)
    assert await database.sign_ins.renew(started.id, 1, NOON) == "disabled"
    await database.repository.change_user(ada.id, disabled=False)
    assert await database.sign_ins.renew(started.id, 1, NOON) == "unknown"


async def test_a_new_password_ends_them_all(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    await database.repository.change_user(ada.id, password_hash="other")
    assert await database.sign_ins.renew(started.id, 1, NOON) == "superseded"


async def test_a_sign_in_ends_once_and_alone(database: Database, ada: User) -> None:
    started, other = [await database.sign_ins.start(ada, NOON) for _ in range(2)]
    await database.sign_ins.end(started.id)
    await database.sign_ins.end(started.id)
    assert await database.sign_ins.renew(started.id, 1, NOON) == "unknown"
    assert isinstance(await database.sign_ins.renew(other.id, 1, NOON), SignIn)


async def test_a_sign_in_knows_its_user_until_it_ends(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    changed = await database.repository.change_user(ada.id, disabled=True)
    assert await database.sign_ins.user(started.id) == changed
    await database.sign_ins.end(started.id)
    with pytest.raises(NotFound):
        await database.sign_ins.user(started.id)


async def test_a_removed_user_takes_their_sign_ins_along(database: Database, ada: User) -> None:
    started = await database.sign_ins.start(ada, NOON)
    await database.repository.remove_user(ada.id)
    assert await database.sign_ins.renew(started.id, 1, NOON) == "unknown"


async def test_who_signs_in_too_often_loses_the_oldest(
    database: Database, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MAX_PER_USER", 2)
    first, second, third = [
        await database.sign_ins.start(ada, NOON + number * SECOND) for number in range(3)
    ]
    assert await database.sign_ins.renew(first.id, 1, NOON) == "unknown"
    for kept in (second, third):
        assert isinstance(await database.sign_ins.renew(kept.id, 1, NOON), SignIn)
