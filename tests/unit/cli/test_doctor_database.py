"""The database as the doctor finds it: never there, older, newer, locked, gone; left as it is."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mlx_relay.cli.doctor_database import look_at_storage
from mlx_relay.config import Settings, load_settings
from mlx_relay.profiles import ProfileFields
from mlx_relay.storage import open_database


def settings_in(tmp_path: Path, **fields: Any) -> Settings:
    return load_settings(data_dir=tmp_path, **fields)


async def texts(settings: Settings) -> list[str]:
    findings, _ = await look_at_storage(settings)
    return [f"{'ok' if one.ok else 'ill'} {one.check}: {one.text}" for one in findings]


async def fill(settings: Settings, **profile: Any) -> None:
    async with open_database(settings.effective_database_url) as database:
        await database.repository.add_user("ada", "hash", role="admin")
        fields = ProfileFields(name="p", host="127.0.0.1", port=1, model_path="m", **profile)
        await database.repository.add_profile(fields)


def execute(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


async def test_one_that_is_not_there_yet_is_well_and_not_made(tmp_path: Path) -> None:
    assert await texts(settings_in(tmp_path)) == [
        "ok database: is not there yet: the first start makes it",
        "ill users: there is no user yet",
    ]
    assert list(tmp_path.iterdir()) == []


async def test_one_that_is_in_use_is_well_and_its_profiles_are_known(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await fill(settings)
    findings, profiles = await look_at_storage(settings)
    assert [finding.text for finding in findings] == ["answers, and its schema is up to date"]
    assert [profile.name for profile in profiles] == ["p"]


async def test_a_profile_that_is_off_is_nobodys_business(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    await fill(settings, enabled=False)
    assert (await look_at_storage(settings))[1] == []


async def test_without_an_administrator_it_says_how_to_add_one(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    async with open_database(settings.effective_database_url) as database:
        await database.repository.add_user("bob", "hash")
    assert (await texts(settings))[1] == "ill users: nobody is an administrator"


@pytest.mark.parametrize(
    ("version", "text"), [("0001", "ok database: its schema is older"), ("9999", "ill database")]
)
async def test_another_schema_is_named_and_left_as_it_is(
    tmp_path: Path, version: str, text: str
) -> None:
    settings = settings_in(tmp_path)
    await fill(settings)
    execute(tmp_path / "relay.db", f"UPDATE alembic_version SET version_num = '{version}'")
    (found,) = await texts(settings)
    assert found.startswith(text)
    with closing(sqlite3.connect(tmp_path / "relay.db")) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (
            version,
        )


async def test_one_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "relay.db").write_bytes(b"a letter" * 1000)
    (found,) = await texts(settings_in(tmp_path))
    assert "not a database" in found


async def test_a_server_that_is_away_is_named(tmp_path: Path, unused_tcp_port: int) -> None:
    url = f"postgresql+asyncpg://ada:correct-horse@127.0.0.1:{unused_tcp_port}/relay"
    (found,) = await texts(settings_in(tmp_path, database_url=url))
    assert f"127.0.0.1:{unused_tcp_port}" in found
    assert "correct-horse" not in found
