"""Every change is in the audit log, in the same transaction, on both engines; no secret is."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from mlx_relay.errors import Conflict, NotFound, Unavailable
from mlx_relay.profiles import Deadlines, ProfileFields
from mlx_relay.storage import Database, open_database
from mlx_relay.storage.audit import HIDDEN
from mlx_relay.storage.records import Actor, AuditEntry

EVE = Actor(name="eve", via="token", user_id=9, address="192.0.2.1", request_id="r1")
SECRET = "canary-secret"
PROFILE = ProfileFields(name="qwen", host="h", port=1, model_path="m", api_key=SECRET)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as opened:
        yield opened


async def changes(database: Database) -> list[tuple[str, str, dict[str, Any]]]:
    """Return what was done to what, oldest first."""
    entries = await database.audit_log.newest(limit=100)
    return [(entry.action, entry.target, entry.details) for entry in entries[::-1]]


async def test_a_record_says_who_what_when_and_from_where(database: Database) -> None:
    bob = await database.repository.acting_as(EVE).add_user("bob", "hash")
    (entry,) = await database.audit_log.newest(limit=10)
    assert entry == AuditEntry(
        id=1,
        at=entry.at,
        actor="eve",
        actor_id=9,
        via="token",
        address="192.0.2.1",
        request_id="r1",
        action="user.add",
        target="bob",
        target_id=bob.id,
        details={"role": "user"},
    )
    assert abs((entry.at - bob.created_at).total_seconds()) < 60


async def test_every_change_of_users_profiles_and_keys_is_there(database: Database) -> None:
    repository = database.repository.acting_as(EVE)
    bob = await repository.add_user("bob", SECRET)
    await repository.change_user(bob.id, name="rob", disabled=True, password_hash=SECRET)
    key = await repository.add_api_key(
        bob.id, "k", secret_hash=SECRET, prefix="mlxr_abc", scopes=("chat",)
    )
    await repository.remove_api_key(key.id)
    await repository.remove_user(bob.id)
    profile = await repository.add_profile(PROFILE)
    await repository.change_profile(profile.id, {"port": 2, "deadlines": Deadlines(total=5.0)})
    await repository.change_profile(profile.id, {"api_key": SECRET})
    await repository.change_profile(profile.id, {"api_key": None})
    await repository.remove_profile(profile.id)
    found = await changes(database)
    added = found.pop(5)
    assert found == [
        ("user.add", "bob", {"role": "user"}),
        ("user.change", "bob", {"name": "rob", "disabled": True, "password": HIDDEN}),
        ("key.add", "k", {"user_id": bob.id, "scopes": "chat"}),
        ("key.remove", "k", {"user_id": bob.id}),
        ("user.remove", "rob", {}),
        ("profile.change", "qwen", {"port": 2, "deadlines": found[5][2]["deadlines"]}),
        ("profile.change", "qwen", {"api_key": HIDDEN}),
        ("profile.change", "qwen", {"api_key": None}),
        ("profile.remove", "qwen", {}),
    ]
    assert (added[0], added[2]["api_key"], added[2]["host"]) == ("profile.add", HIDDEN, "h")
    assert SECRET not in str([*found, added])


async def test_a_change_that_was_refused_is_not_there(database: Database) -> None:
    ada = await database.repository.add_user("ada", "hash", role="admin")
    before = await changes(database)
    for refused in (
        database.repository.add_user("ada", "hash"),
        database.repository.change_user(ada.id, disabled=True),
        database.repository.remove_user(ada.id),
    ):
        with pytest.raises(Conflict):
            await refused
    with pytest.raises(NotFound):
        await database.repository.remove_api_key(99)
    assert await changes(database) == before


async def test_a_change_that_cannot_be_recorded_is_not_made(
    database: Database, database_url: str
) -> None:
    ada = await database.repository.add_user("ada", "hash")
    profile = await database.repository.add_profile(PROFILE)
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.exec_driver_sql("DROP TABLE audit")
    await engine.dispose()
    for refused in (
        database.repository.add_user("eve", "hash"),
        database.repository.change_user(ada.id, disabled=True),
        database.repository.remove_user(ada.id),
        database.repository.add_api_key(ada.id, "k", secret_hash="h", prefix="p"),
        database.repository.change_profile(profile.id, {"port": 2}),
        database.repository.remove_profile(profile.id),
    ):
        with pytest.raises(Unavailable):
            await refused
    assert await database.repository.users() == [ada]
    assert await database.repository.profiles() == [profile]
    assert await database.repository.api_keys() == []


async def test_what_nobody_sees_is_no_change(database: Database) -> None:
    ada = await database.repository.add_user("ada", "hash")
    key = await database.repository.add_api_key(ada.id, "k", secret_hash="h", prefix="p")
    before = await changes(database)
    await database.repository.renew_password_hash(ada.id, "hash", "other")
    await database.repository.touch_api_key(key.id, ada.created_at)
    assert await changes(database) == before


async def test_pages_follow_each_other_without_a_gap(database: Database) -> None:
    for number in range(5):
        await database.repository.add_user(f"user {number}", "hash")
    first = await database.audit_log.newest(limit=2)
    second = await database.audit_log.newest(before=first[-1].id, limit=9)
    assert [entry.target for entry in first + second] == [f"user {n}" for n in (4, 3, 2, 1, 0)]
    assert await database.audit_log.newest(before=1, limit=9) == []


async def test_no_statement_changes_a_record(database: Database, database_url: str) -> None:
    await database.repository.add_user("ada", "hash")
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        with pytest.raises(DBAPIError, match="does not change"):
            await connection.exec_driver_sql("UPDATE audit SET actor = 'eve'")
    await engine.dispose()
    assert [entry.actor for entry in await database.audit_log.newest(limit=9)] == ["mlx-relay"]


async def test_an_operator_can_remove_old_records(database: Database, database_url: str) -> None:
    await database.repository.add_user("ada", "hash")
    engine = create_async_engine(database_url)
    for day, left in (("2026-01-01", 1), ("2999-01-01", 0)):
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"DELETE FROM audit WHERE at < '{day}'")
        assert len(await database.audit_log.newest(limit=9)) == left
    await engine.dispose()
