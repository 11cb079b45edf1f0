"""Opening a database: private, migrated once, and one clear line when it cannot be."""

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage import look_at_database, open_database, sqlite


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


async def test_eight_writers_never_see_a_locked_database(database_url: str) -> None:
    async def write(writer: int) -> None:
        async with open_database(database_url) as database:
            for number in range(10):
                user = await database.repository.add_user(f"{writer}-{number}", "hash")
                await database.repository.change_user(user.id, disabled=True)

    await asyncio.gather(*(write(writer) for writer in range(8)))
    async with open_database(database_url) as database:
        users = await database.repository.users()
    assert len(users) == 80
    assert all(user.disabled for user in users)


async def test_a_look_tells_how_the_schema_stands_and_changes_nothing(database_url: str) -> None:
    is_sqlite = database_url.startswith("sqlite")
    assert await look_at_database(database_url) == (None if is_sqlite else "empty")
    assert await look_at_database(database_url) == (None if is_sqlite else "empty")
    async with open_database(database_url):
        assert await look_at_database(database_url) == "current"


@contextmanager
def locked(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield connection


async def test_a_schema_that_is_up_to_date_is_only_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "relay.db"
    async with open_database(url_of(path)):
        pass
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    with locked(path):
        async with open_database(url_of(path)) as database:
            assert await database.repository.users() == []


async def test_who_has_to_migrate_waits_longer_than_a_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "relay.db"
    sqlite.prepare_file(path)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.0)
    with locked(path) as holder:
        loop = asyncio.get_running_loop()
        loop.call_later(0.1, holder.rollback)
        async with open_database(url_of(path)) as database:
            assert await database.repository.users() == []


async def test_a_backup_of_a_database_in_use_is_whole(tmp_path: Path) -> None:
    async with open_database(url_of(tmp_path / "relay.db")) as database:
        added = await database.repository.add_user("ada", "hash")
        with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
            connection.execute(f"VACUUM INTO '{tmp_path / 'backup.db'}'")
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    async with open_database(url_of(tmp_path / "backup.db")) as database:
        assert await database.repository.users() == [added]


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
