"""SQLite's file is private, in WAL mode, and ready for several who open it at once."""

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import make_url

from mlx_relay.storage import open_database
from mlx_relay.storage.sqlite import make_engine, prepare_file


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_its_owner_may_read_the_files(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    async with open_database(f"sqlite+aiosqlite:///{path}") as database:
        await database.repository.add_user("ada", "hash")
        modes = {file.name: mode_of(file) for file in tmp_path.iterdir()}
    assert set(modes) == {"relay.db", "relay.db-wal", "relay.db-shm"}
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.touch(mode=0o644)
    prepare_file(path)
    assert mode_of(path) == 0o600


def test_several_may_prepare_one_file_at_once(tmp_path: Path) -> None:
    for number in range(20):
        path = tmp_path / f"{number}.db"
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(prepare_file, [path] * 6))
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        connection.close()


def test_a_file_that_is_no_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "relay.db"
    path.write_bytes(b"a letter, not a database" * 200)
    with pytest.raises(sqlite3.DatabaseError):
        prepare_file(path)
    assert path.read_bytes() == b"a letter, not a database" * 200


async def test_every_connection_keeps_foreign_keys_and_syncs_fully(tmp_path: Path) -> None:
    engine = make_engine(make_url(f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"))
    async with engine.connect() as connection:
        for pragma, value in (("foreign_keys", 1), ("synchronous", 2), ("trusted_schema", 0)):
            assert (await connection.exec_driver_sql(f"PRAGMA {pragma}")).scalar() == value
    await engine.dispose()
