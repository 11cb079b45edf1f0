"""What the demo's database holds, and that the recordings for its prompts are shipped."""

import json
from pathlib import Path

import pytest

import fake_mlx
from mlx_relay.auth.api_keys import hash_api_key
from mlx_relay.auth.passwords import Passwords
from mlx_relay.cli.demo_seed import CLOSED_PORT, USER, seed
from mlx_relay.storage import open_database

CASSETTES = Path(fake_mlx.__file__).parent / "cassettes"


async def test_the_login_and_the_key_work(tmp_path: Path) -> None:
    passwords = Passwords()
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        seeded = await seed(database.repository, 8000)
        user = await database.repository.user_by_name(USER)
        assert user is not None
        assert user.role == "admin"
        password_hash = await database.repository.password_hash(user.id)
        assert await passwords.verify(password_hash, seeded.password)
        key = await database.repository.api_key_by_hash(hash_api_key(seeded.api_key))
        assert key is not None
        assert key.user_id == user.id
    passwords.close()


async def test_there_is_a_profile_of_each_kind_and_the_thinking_one_is_first(
    tmp_path: Path,
) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        seeded = await seed(database.repository, 8000)
        assert await database.repository.profiles() == [chat.profile for chat in seeded.chats]
    profiles = [(chat.profile.name, chat.profile.port) for chat in seeded.chats]
    assert profiles == [("thinking", 8000), ("plain", 8000), ("tools", 8000), ("down", CLOSED_PORT)]


@pytest.mark.parametrize("index", [0, 1, 2])
async def test_each_prompt_was_recorded_for_its_profile(tmp_path: Path, index: int) -> None:
    async with open_database(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}") as database:
        chat = (await seed(database.repository, 8000)).chats[index]
    folder = CASSETTES / chat.profile.model_path
    heads = [json.loads(path.read_text().partition("\n")[0]) for path in folder.iterdir()]
    prompts = [head["request"]["json"]["messages"][-1]["content"] for head in heads]
    assert prompts.count(chat.prompt) == 1
