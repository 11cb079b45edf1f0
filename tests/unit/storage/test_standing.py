"""What stands is asked of the database as it is now, on both engines."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from mlx_relay.grants import Grant, KeyGrant, SessionGrant
from mlx_relay.storage import Database, open_database, standing
from mlx_relay.storage.records import User

NOW = datetime(2026, 11, 21, tzinfo=UTC)


class Grants:
    """A user with two sign-ins and two keys, and what each of them lets in."""

    def __init__(self, database: Database, user: User, grants: list[Grant]) -> None:
        self.database = database
        self.user = user
        self.all = set(grants)
        self.session, self.other_session, self.key, self.other_key = grants

    async def ended(self) -> set[Grant]:
        return await self.database.standing.ended(self.all)


@pytest.fixture
async def grants(database_url: str) -> AsyncIterator[Grants]:
    async with open_database(database_url) as database:
        user = await database.repository.add_user("bob", "hash")
        sessions = [await database.sign_ins.start(user, NOW) for _ in range(2)]
        keys = [
            await database.repository.add_api_key(
                user.id, "k", secret_hash=letter * 64, prefix="mlxr_abc", expires_at=NOW
            )
            for letter in "ab"
        ]
        yield Grants(
            database,
            user,
            [
                *(SessionGrant(user.id, 0, session.id) for session in sessions),
                *(KeyGrant(user.id, "user", key.id) for key in keys),
            ],
        )


async def test_as_long_as_nothing_changes_all_stand_even_a_key_that_has_expired(
    grants: Grants,
) -> None:
    assert await grants.ended() == set()
    assert await grants.database.standing.ended([]) == set()


async def test_signing_out_ends_one_session(grants: Grants) -> None:
    assert isinstance(grants.session, SessionGrant)
    await grants.database.sign_ins.end(grants.session.sign_in)
    assert await grants.ended() == {grants.session}


async def test_a_removed_key_ends_alone(grants: Grants) -> None:
    assert isinstance(grants.key, KeyGrant)
    await grants.database.repository.remove_api_key(grants.key.key_id)
    assert await grants.ended() == {grants.key}


async def test_a_refresh_token_that_was_copied_ends_its_session(grants: Grants) -> None:
    assert isinstance(grants.session, SessionGrant)
    for generation in (1, 2):
        await grants.database.sign_ins.renew(grants.session.sign_in, generation, NOW)
    assert await grants.ended() == set()
    await grants.database.sign_ins.renew(grants.session.sign_in, 1, NOW)
    assert await grants.ended() == {grants.session}


async def test_a_disabled_user_has_nothing_left(grants: Grants) -> None:
    await grants.database.repository.change_user(grants.user.id, disabled=True)
    assert await grants.ended() == grants.all


async def test_a_removed_user_has_nothing_left(grants: Grants) -> None:
    await grants.database.repository.remove_user(grants.user.id)
    assert await grants.ended() == grants.all


async def test_another_role_ends_everything(grants: Grants) -> None:
    await grants.database.repository.change_user(grants.user.id, role="admin")
    assert await grants.ended() == grants.all


async def test_a_new_password_ends_sessions_and_leaves_keys(grants: Grants) -> None:
    await grants.database.repository.change_user(grants.user.id, password_hash="other")
    assert await grants.ended() == {grants.session, grants.other_session}


async def test_more_than_one_query_takes_are_asked_for_in_parts(
    grants: Grants, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standing, "AT_ONCE", 1)
    strangers: set[Grant] = {SessionGrant(grants.user.id, 0, "x"), KeyGrant(9, "user", 99)}
    assert await grants.database.standing.ended(grants.all | strangers) == strangers
