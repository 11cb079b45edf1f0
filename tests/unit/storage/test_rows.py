"""Single rows, found by an id that may be anything."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

from mlx_relay.errors import Conflict, NotFound, ProfileNotFound
from mlx_relay.storage.models import Base, ProfileRow, UserRow
from mlx_relay.storage.rows import MAX_ID, assign, find, insert, lock_admins, require_an_admin


@pytest.fixture
async def session() -> AsyncIterator[AsyncSession]:
    engine = create_async_engine("sqlite+aiosqlite://")
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with AsyncSession(engine) as opened:
        yield opened
    await engine.dispose()


def admin() -> UserRow:
    return UserRow(name="ada", password_hash="hash", role="admin")


async def test_a_row_that_went_in_is_found_by_its_id(session: AsyncSession) -> None:
    row = admin()
    await insert(session, row)
    assert await find(session, UserRow, row.id, lock=True) is row


@pytest.mark.parametrize("row_id", [0, -1, 1, MAX_ID, MAX_ID + 1, 2**80])
async def test_an_id_that_nothing_has_is_not_found(session: AsyncSession, row_id: int) -> None:
    with pytest.raises(NotFound) as caught:
        await find(session, UserRow, row_id)
    assert not isinstance(caught.value, ProfileNotFound)
    with pytest.raises(ProfileNotFound):
        await find(session, ProfileRow, row_id)


async def test_without_an_admin_who_can_sign_in_a_change_is_a_conflict(
    session: AsyncSession,
) -> None:
    row = admin()
    await insert(session, row)
    await lock_admins(session)
    await require_an_admin(session)
    assign(row, {"disabled": True})
    with pytest.raises(Conflict):
        await require_an_admin(session)
