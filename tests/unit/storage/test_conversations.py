"""Conversations on both engines: whose they are, how they are found, what they may hold."""

import asyncio
import uuid
from collections.abc import AsyncIterator

import pytest

from mlx_relay.errors import Conflict, InvalidRequest, NotFound, ProfileNotFound, TooLarge
from mlx_relay.profiles import ProfileFields
from mlx_relay.storage import Conversations, Database, conversations, open_database
from mlx_relay.storage.records import Conversation, User

NOBODYS = str(uuid.UUID(int=0))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    async with open_database(database_url) as opened:
        yield opened


@pytest.fixture
def store(database: Database) -> Conversations:
    return database.conversations


@pytest.fixture
async def ada(database: Database) -> User:
    return await database.repository.add_user("ada", "hash")


@pytest.fixture
async def eve(database: Database) -> User:
    return await database.repository.add_user("eve", "hash")


async def add(store: Conversations, user: User, *titles: str) -> list[Conversation]:
    return [await store.add(user.id, title, None) for title in titles]


async def titles(store: Conversations, user: User, search: str = "") -> list[str]:
    return [found.title for found in await store.newest(user.id, search=search, limit=100)]


async def messages(store: Conversations, user: User, conversation: Conversation) -> list[bytes]:
    return (await store.whole(user.id, conversation.id))[1]


async def test_a_new_one_has_an_id_that_nobody_guesses(store: Conversations, ada: User) -> None:
    (added,) = await add(store, ada, "Hello")
    assert uuid.UUID(added.id).version == 4
    assert (added.title, added.profile_id, added.created_at) == ("Hello", None, added.updated_at)
    assert await store.whole(ada.id, added.id) == (added, [])


async def test_the_newest_comes_first_and_a_message_makes_one_newest(
    store: Conversations, ada: User
) -> None:
    first, *_ = await add(store, ada, "one", "two", "three")
    assert await titles(store, ada) == ["three", "two", "one"]
    changed = await store.put_message(ada.id, first.id, 0, b"{}")
    assert changed.updated_at > first.updated_at
    assert await titles(store, ada) == ["one", "three", "two"]


async def test_a_new_title_makes_none_newer(store: Conversations, ada: User) -> None:
    first, _ = await add(store, ada, "one", "two")
    changed = await store.change(ada.id, first.id, {"title": "uno"})
    assert (changed.title, changed.updated_at) == ("uno", first.updated_at)
    assert await titles(store, ada) == ["two", "uno"]
    assert await titles(store, ada, "UNO") == ["uno"]


async def test_pages_follow_each_other_without_a_gap(store: Conversations, ada: User) -> None:
    added = await add(store, ada, *(str(number) for number in range(7)))
    seen: list[Conversation] = []
    while page := await store.newest(
        ada.id, before=(seen[-1].updated_at, seen[-1].id) if seen else None, limit=3
    ):
        seen += page
    assert seen == list(reversed(added))


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("straße", ["Große STRASSE"]),
        ("GROSSE", ["Große STRASSE"]),
        ("привет", ["ПРИВЕТ"]),
        ("100%", ["100% sure"]),
        ("_", ["snake_case"]),
        ("\\", ["back\\slash"]),
        ("' OR 1=1--", []),
        ("s", ["back\\slash", "snake_case", "100% sure", "Große STRASSE"]),
    ],
)
async def test_a_search_takes_every_character_as_it_is(
    store: Conversations, ada: User, search: str, found: list[str]
) -> None:
    await add(store, ada, "Große STRASSE", "ПРИВЕТ", "100% sure", "snake_case", "back\\slash")
    assert await titles(store, ada, search) == found


async def test_what_is_somebody_elses_is_not_there(
    store: Conversations, ada: User, eve: User
) -> None:
    (hers,) = await add(store, ada, "private")
    await store.put_message(ada.id, hers.id, 0, b"{}")
    assert await titles(store, eve) == []
    for conversation_id in (hers.id, NOBODYS, "x"):
        for attempt in (
            store.whole(eve.id, conversation_id),
            store.change(eve.id, conversation_id, {"title": "mine"}),
            store.remove(eve.id, conversation_id),
            store.put_message(eve.id, conversation_id, 0, b"[]"),
        ):
            with pytest.raises(NotFound):
                await attempt
    assert await store.whole(ada.id, hers.id) == (
        (await store.newest(ada.id, limit=1))[0],
        [b"{}"],
    )


async def test_a_message_replaces_the_one_at_its_place_and_all_later_ones(
    store: Conversations, ada: User
) -> None:
    (talk,) = await add(store, ada, "talk")
    for position, body in enumerate((b"0", b"1", b"2")):
        await store.put_message(ada.id, talk.id, position, body)
    for _ in range(2):
        await store.put_message(ada.id, talk.id, 1, b"one")
        assert await messages(store, ada, talk) == [b"0", b"one"]


async def test_a_gap_is_a_conflict_and_changes_nothing(store: Conversations, ada: User) -> None:
    (talk,) = await add(store, ada, "talk")
    await store.put_message(ada.id, talk.id, 0, b"0")
    with pytest.raises(Conflict, match="has 1 messages: 2 would leave a gap"):
        await store.put_message(ada.id, talk.id, 2, b"2")
    assert await messages(store, ada, talk) == [b"0"]


async def test_two_who_write_at_once_leave_one_message_at_a_place(
    store: Conversations, ada: User
) -> None:
    (talk,) = await add(store, ada, "talk")
    await asyncio.gather(*(store.put_message(ada.id, talk.id, 0, b"%d" % one) for one in range(4)))
    assert len(await messages(store, ada, talk)) == 1


async def test_limits_refuse_and_leave_what_is_there(
    store: Conversations, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversations, "MAX_CONVERSATIONS", 1)
    monkeypatch.setattr(conversations, "MAX_MESSAGES", 2)
    monkeypatch.setattr(conversations, "MAX_CONVERSATION_BYTES", 10)
    (talk,) = await add(store, ada, "talk")
    with pytest.raises(InvalidRequest):
        await add(store, ada, "one too many")
    await store.put_message(ada.id, talk.id, 0, b"12345")
    with pytest.raises(TooLarge):
        await store.put_message(ada.id, talk.id, 1, b"123456")
    await store.put_message(ada.id, talk.id, 1, b"12345")
    with pytest.raises(InvalidRequest, match="position: "):
        await store.put_message(ada.id, talk.id, 2, b"")
    assert await messages(store, ada, talk) == [b"12345", b"12345"]


async def test_a_profile_must_be_there_and_may_go(
    database: Database, store: Conversations, ada: User
) -> None:
    fields = ProfileFields(name="qwen", host="127.0.0.1", port=8000, model_path="m")
    profile = await database.repository.add_profile(fields)
    talk = await store.add(ada.id, "talk", profile.id)
    for unknown in (profile.id + 1, 0, -1, 2**40):
        with pytest.raises(ProfileNotFound):
            await store.add(ada.id, "talk", unknown)
        with pytest.raises(ProfileNotFound):
            await store.change(ada.id, talk.id, {"profile_id": unknown})
    assert (await store.whole(ada.id, talk.id))[0].profile_id == profile.id
    await database.repository.remove_profile(profile.id)
    assert (await store.whole(ada.id, talk.id))[0].profile_id is None


async def test_a_profile_is_taken_away_by_null(
    database: Database, store: Conversations, ada: User
) -> None:
    fields = ProfileFields(name="qwen", host="127.0.0.1", port=8000, model_path="m")
    profile = await database.repository.add_profile(fields)
    talk = await store.add(ada.id, "talk", profile.id)
    assert (await store.change(ada.id, talk.id, {"profile_id": None})).profile_id is None


async def test_a_removed_conversation_takes_its_messages_along(
    store: Conversations, ada: User
) -> None:
    talk, other = await add(store, ada, "talk", "other")
    await store.put_message(ada.id, talk.id, 0, b"{}")
    await store.remove(ada.id, talk.id)
    with pytest.raises(NotFound):
        await store.remove(ada.id, talk.id)
    assert await store.newest(ada.id, limit=10) == [other]


async def test_a_removed_user_takes_their_conversations_along(
    database: Database, store: Conversations, ada: User
) -> None:
    (talk,) = await add(store, ada, "talk")
    await store.put_message(ada.id, talk.id, 0, b"{}")
    await database.repository.remove_user(ada.id)
    assert await titles(store, ada) == []
    with pytest.raises(NotFound):
        await add(store, ada, "of a ghost")
