"""Opening a database: private, migrated once, and one clear line when it cannot be."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage import open_database


def url_of(path: Path) -> str:
    return f"sqlite+aiosqlite:///{path}"


async def complaint_about(url: str) -> str:
    with pytest.raises(ConfigurationError) as caught:
        async with open_database(url):
            pass
    message = str(caught.value)
    assert "\n" not in message
    return message


async def test_what_was_stored_is_there_after_a_restart(database_url: str) -> None:
    async with open_database(database_url) as database:
        added = await database.repository.add_user("ada", "hash")
    async with open_database(database_url) as database:
        assert await database.repository.users() == [added]


async def test_processes_that_start_at_once_migrate_once(database_url: str) -> None:
    async def start() -> None:
        async with open_database(database_url) as database:
            await database.repository.ping()

    await asyncio.gather(*(start() for _ in range(4)))


async def test_eight_writers_never_see_a_locked_database(tmp_path: Path) -> None:
    url = url_of(tmp_path / "relay.db")

    async def write(writer: int) -> None:
        async with open_database(url) as database:
            for number in range(10):
                user = await database.repository.add_user(f"{writer}-{number}", "hash")
                await database.repository.change_user(user.id, disabled=True)

    await asyncio.gather(*(write(writer) for writer in range(8)))
    async with open_database(url) as database:
        users = await database.repository.users()
    assert len(users) == 80
    assert all(user.disabled for user in users)


async def test_a_schema_of_the_future_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with open_database(url_of(path)):
        pass
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    assert "newer" in await complaint_about(url_of(path))


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"not a database, but long enough to look at" * 100)
    message = await complaint_about(url_of(path))
    assert str(path) in message
    assert "not a database" in message


async def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "relay.db"
    assert f"{path}: No such file or directory" in await complaint_about(url_of(path))


async def test_a_directory_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path}: Is a directory" in await complaint_about(url_of(tmp_path))


async def test_a_server_that_is_away_is_named_without_its_password(unused_tcp_port: int) -> None:
    url = f"postgresql+asyncpg://ada:correct-horse@127.0.0.1:{unused_tcp_port}/relay"
    message = await complaint_about(url)
    assert f"127.0.0.1:{unused_tcp_port}/relay" in message
    assert "correct-horse" not in message


@pytest.mark.parametrize(
    "url",
    [
        "relay.db",
        "sqlite:///relay.db",
        "sqlite+aiosqlite://",
        "mysql+aiomysql://h/n",
        "postgresql+asyncpg://h",
    ],
)
async def test_another_kind_of_url_is_refused(url: str) -> None:
    assert (await complaint_about(url)).startswith("database_url: ")
