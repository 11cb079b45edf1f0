"""The repository on both engines: value objects, conflicts, and the last admin."""

import asyncio
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from mlx_relay.errors import Conflict, NotFound, ProfileNotFound
from mlx_relay.profiles import Deadlines, ProfileFields
from mlx_relay.storage import Repository
from mlx_relay.storage.records import User

FIELDS = ProfileFields(
    name="qwen",
    scheme="https",
    host="mac.local",
    port=8443,
    base_path="/api/v1",
    api_key="upstream-key",
    model_path="mlx-community/Qwen3-4B-4bit",
    model_type="multimodal",
    reasoning_parser="qwen3",
    tool_parser="hermes",
    starts_in_thinking=True,
    keeps_reasoning=True,
    deadlines=Deadlines(connect=1.5, total=60.0),
    max_streams=3,
    enabled=False,
)
INJECTIONS = ["' OR 1=1--", "'; DROP TABLE users;--", '"; --', "%s", ":name", "{}", "\\", "a\\'b"]


async def together(*changes: Coroutine[Any, Any, object]) -> list[object]:
    return await asyncio.gather(*changes, return_exceptions=True)


async def add_admin(repository: Repository, name: str) -> User:
    return await repository.add_user(name, "hash", role="admin")


async def test_a_user_comes_back_as_it_was_added(repository: Repository) -> None:
    added = await repository.add_user("ada", "hash", role="admin")
    assert (added.name, added.role, added.disabled, added.token_version) == (
        "ada",
        "admin",
        False,
        0,
    )
    assert await repository.user(added.id) == added
    assert await repository.user_by_name("ada") == added
    assert await repository.users() == [added]
    assert await repository.password_hash(added.id) == "hash"


async def test_times_are_aware_and_utc(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    expires_at = datetime(2027, 1, 1, 12, tzinfo=timezone(timedelta(hours=2)))
    key = await repository.add_api_key(
        user.id, "laptop", secret_hash="a" * 64, prefix="mlxr_abc", expires_at=expires_at
    )
    assert user.created_at.tzinfo is UTC
    assert (await repository.api_keys())[0] == key
    assert (await repository.api_keys())[0].expires_at == datetime(2027, 1, 1, 10, tzinfo=UTC)


async def test_nobody_has_a_name_that_was_never_given(repository: Repository) -> None:
    assert await repository.user_by_name("ada") is None
    assert await repository.profile_by_name("qwen") is None
    assert await repository.api_key_by_hash("a" * 64) is None


async def test_a_name_is_taken_once(repository: Repository) -> None:
    ada = await repository.add_user("ada", "hash")
    await repository.add_user("bob", "hash")
    with pytest.raises(Conflict):
        await repository.add_user("ada", "hash")
    with pytest.raises(Conflict):
        await repository.change_user(ada.id, name="bob")
    assert [user.name for user in await repository.users()] == ["ada", "bob"]


async def test_of_fifty_who_want_one_name_at_once_one_gets_it(repository: Repository) -> None:
    results = await together(*(repository.add_user("ada", "hash") for _ in range(50)))
    assert sum(isinstance(result, User) for result in results) == 1
    assert sum(isinstance(result, Conflict) for result in results) == 49


async def test_every_change_of_a_user_ends_their_tokens(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    changed = await repository.change_user(user.id, name="eve", disabled=True)
    assert (changed.name, changed.role, changed.disabled) == ("eve", "user", True)
    assert changed.token_version == 1
    await repository.change_user(user.id, password_hash="other")
    assert (await repository.user(user.id)).token_version == 2
    assert await repository.password_hash(user.id) == "other"


async def test_a_renewed_hash_of_the_same_password_ends_no_token(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    await repository.renew_password_hash(user.id, "hash", "other")
    assert (await repository.user(user.id)).token_version == 0
    assert await repository.password_hash(user.id) == "other"


async def test_a_renewed_hash_does_not_bring_an_old_password_back(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    await repository.change_user(user.id, password_hash="new")
    await repository.renew_password_hash(user.id, "hash", "other")
    assert await repository.password_hash(user.id) == "new"


async def test_no_change_of_tokens_is_lost(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    await asyncio.gather(*(repository.change_user(user.id, name="ada") for _ in range(30)))
    assert (await repository.user(user.id)).token_version == 30


async def test_the_last_admin_stays(repository: Repository) -> None:
    ada = await add_admin(repository, "ada")
    await repository.add_user("bob", "hash")
    for change in (
        repository.remove_user(ada.id),
        repository.change_user(ada.id, role="user"),
        repository.change_user(ada.id, disabled=True),
    ):
        with pytest.raises(Conflict, match="last admin"):
            await change
    assert await repository.user(ada.id) == ada


async def test_a_disabled_admin_does_not_count(repository: Repository) -> None:
    ada = await add_admin(repository, "ada")
    eve = await add_admin(repository, "eve")
    await repository.change_user(eve.id, disabled=True)
    with pytest.raises(Conflict):
        await repository.remove_user(ada.id)
    await repository.remove_user(eve.id)


async def test_of_two_admins_who_leave_at_once_one_stays(repository: Repository) -> None:
    ada = await add_admin(repository, "ada")
    eve = await add_admin(repository, "eve")
    results = await together(
        repository.change_user(ada.id, role="user"), repository.remove_user(eve.id)
    )
    assert sum(isinstance(result, Conflict) for result in results) == 1
    assert sum(user.is_active_admin for user in await repository.users()) == 1


async def test_a_removed_user_takes_their_keys_along(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    await repository.add_api_key(user.id, "laptop", secret_hash="a" * 64, prefix="mlxr_abc")
    await repository.remove_user(user.id)
    assert await repository.api_keys() == []
    with pytest.raises(NotFound):
        await repository.user(user.id)


async def test_a_freed_id_never_comes_back(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    await repository.remove_user(user.id)
    assert (await repository.add_user("eve", "hash")).id > user.id


@pytest.mark.parametrize("user_id", [0, -1, 99, 2**31, 2**80])
async def test_an_id_that_is_not_there_is_not_found(repository: Repository, user_id: int) -> None:
    for question in (
        repository.user(user_id),
        repository.password_hash(user_id),
        repository.change_user(user_id, name="x"),
        repository.remove_user(user_id),
        repository.remove_api_key(user_id),
        repository.add_api_key(user_id, "x", secret_hash="a" * 64, prefix="mlxr_abc"),
    ):
        with pytest.raises(NotFound):
            await question
    for question_of_profile in (
        repository.profile(user_id),
        repository.change_profile(user_id, {"port": 1}),
        repository.remove_profile(user_id),
    ):
        with pytest.raises(ProfileNotFound):
            await question_of_profile


async def test_a_profile_comes_back_as_it_was_added(repository: Repository) -> None:
    added = await repository.add_profile(FIELDS)
    assert {name: getattr(added, name) for name in FIELDS.__struct_fields__} == {
        name: getattr(FIELDS, name) for name in FIELDS.__struct_fields__
    }
    assert await repository.profile(added.id) == added
    assert await repository.profile_by_name("qwen") == added
    assert await repository.profiles() == [added]


async def test_only_what_is_named_changes_in_a_profile(repository: Repository) -> None:
    added = await repository.add_profile(FIELDS)
    changed = await repository.change_profile(
        added.id, {"api_key": None, "deadlines": Deadlines(total=5.0)}
    )
    assert changed.api_key is None
    assert changed.deadlines == Deadlines(total=5.0)
    assert (changed.name, changed.port, changed.enabled) == ("qwen", 8443, False)
    assert await repository.profile(added.id) == changed


async def test_a_profile_name_is_taken_once(repository: Repository) -> None:
    await repository.add_profile(FIELDS)
    other = await repository.add_profile(
        ProfileFields(name="other", host="h", port=1, model_path="m")
    )
    with pytest.raises(Conflict):
        await repository.add_profile(FIELDS)
    with pytest.raises(Conflict):
        await repository.change_profile(other.id, {"name": "qwen"})


async def test_a_removed_profile_is_gone(repository: Repository) -> None:
    added = await repository.add_profile(FIELDS)
    await repository.remove_profile(added.id)
    assert await repository.profiles() == []


async def test_a_key_is_found_by_its_hash_and_remembers_its_use(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    key = await repository.add_api_key(user.id, "laptop", secret_hash="a" * 64, prefix="mlxr_abc")
    assert await repository.api_key_by_hash("a" * 64) == key
    used_at = datetime(2026, 11, 21, tzinfo=UTC)
    await repository.touch_api_key(key.id, used_at)
    found = await repository.api_key_by_hash("a" * 64)
    assert found is not None
    assert found.last_used_at == used_at


async def test_the_use_of_a_key_is_written_once_a_minute(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    key = await repository.add_api_key(user.id, "laptop", secret_hash="a" * 64, prefix="mlxr_abc")
    noon = datetime(2026, 11, 21, 12, tzinfo=UTC)
    for seconds, written in ((0, 0), (59, 0), (60, 60), (90, 60)):
        await repository.touch_api_key(key.id, noon + timedelta(seconds=seconds))
        (found,) = await repository.api_keys()
        assert found.last_used_at == noon + timedelta(seconds=written)


async def test_a_key_keeps_the_scopes_that_it_was_made_with(repository: Repository) -> None:
    user = await repository.add_user("ada", "hash")
    key = await repository.add_api_key(
        user.id, "chats", secret_hash="a" * 64, prefix="mlxr_abc", scopes=("chat", "read")
    )
    assert key.scopes == ("chat", "read")
    assert await repository.api_keys() == [key]


async def test_the_use_of_a_key_that_is_gone_is_no_error(repository: Repository) -> None:
    await repository.touch_api_key(7, datetime.now(UTC))


async def test_nobody_removes_the_key_of_another(repository: Repository) -> None:
    ada = await repository.add_user("ada", "hash")
    eve = await repository.add_user("eve", "hash")
    key = await repository.add_api_key(ada.id, "laptop", secret_hash="a" * 64, prefix="mlxr_abc")
    assert await repository.api_keys(eve.id) == []
    with pytest.raises(NotFound):
        await repository.remove_api_key(key.id, user_id=eve.id)
    assert await repository.api_keys(ada.id) == [key]
    await repository.remove_api_key(key.id, user_id=ada.id)
    assert await repository.api_keys() == []


@pytest.mark.parametrize("text", INJECTIONS)
async def test_text_is_never_sql(repository: Repository, text: str) -> None:
    user = await repository.add_user(text, text)
    profile = await repository.add_profile(
        ProfileFields(name=text, host="h", port=1, model_path=text, api_key=text)
    )
    assert await repository.user_by_name(text) == user
    assert await repository.profile_by_name(text) == profile


async def test_an_open_database_answers_a_ping(repository: Repository) -> None:
    await repository.ping()
