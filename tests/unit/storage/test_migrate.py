"""The migrations and the models describe one schema."""

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from mlx_relay.storage import open_database
from mlx_relay.storage.migrate import _config, migrate
from mlx_relay.storage.models import Base


def differences(connection: Connection) -> object:
    return compare_metadata(MigrationContext.configure(connection), Base.metadata)


def table_names(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_the_migrations_make_what_the_models_say(database_url: str) -> None:
    async with open_database(database_url):
        pass
    engine = create_async_engine(database_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_a_migration_that_is_given_up_leaves_nothing(database_url: str) -> None:
    is_sqlite = database_url.startswith("sqlite")
    # Its driver's own transactions would leave changes of the schema out.
    arguments = {"isolation_level": None} if is_sqlite else {}
    engine = create_async_engine(database_url, connect_args=arguments)
    async with engine.connect() as connection:
        if is_sqlite:
            await connection.exec_driver_sql("BEGIN IMMEDIATE")
        await connection.run_sync(migrate)
        assert await connection.run_sync(table_names) >= {"users", "profiles", "messages"}
        await connection.rollback()
        assert await connection.run_sync(table_names) == set()
    await engine.dispose()


def make_first_version(connection: Connection) -> None:
    command.upgrade(_config(connection), "0001")
    connection.exec_driver_sql(
        "INSERT INTO users (name, password_hash, role, disabled, token_version, created_at)"
        " VALUES ('ada', 'hash', 'admin', false, 3, '2026-01-01 00:00:00')"
    )


async def test_a_database_of_the_first_version_keeps_what_is_in_it(database_url: str) -> None:
    async with open_database(database_url):
        pass
    engine = create_async_engine(database_url)
    async with engine.begin() as connection:
        await connection.run_sync(lambda opened: command.downgrade(_config(opened), "base"))
        await connection.run_sync(make_first_version)
    await engine.dispose()
    async with open_database(database_url) as database:
        (ada,) = await database.repository.users()
        assert (ada.name, ada.token_version) == ("ada", 3)
        assert (await database.conversations.add(ada.id, "Hello", None)).title == "Hello"
