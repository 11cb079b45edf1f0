"""How a schema stands to this program's, without Alembic, is what Alembic says."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from mlx_relay.storage import open_database
from mlx_relay.storage.migrate import _config
from mlx_relay.storage.schema import REVISIONS, schema_state


def test_the_files_are_named_by_their_revisions_in_their_order() -> None:
    with create_engine("sqlite://").connect() as connection:
        scripts = ScriptDirectory.from_config(_config(connection))
    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(REVISIONS))


@pytest.mark.parametrize(
    ("revision", "state"),
    [("base", "empty"), *((one, "older") for one in REVISIONS[:-1]), (REVISIONS[-1], "current")],
)
async def test_a_schema_stands_where_it_was_brought(
    database_url: str, revision: str, state: str
) -> None:
    def bring(connection: Connection) -> None:
        command.downgrade(_config(connection), revision)

    async with open_database(database_url):
        pass
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(bring)
        assert await connection.run_sync(schema_state) == state
    await engine.dispose()


async def test_a_schema_that_this_program_does_not_know_is_newer(database_url: str) -> None:
    async with open_database(database_url):
        pass
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert await connection.run_sync(schema_state) == "newer"
    await engine.dispose()


def test_a_database_without_tables_is_empty() -> None:
    with create_engine("sqlite://").connect() as connection:
        assert schema_state(connection) == "empty"
