"""The migrations and the models describe one schema."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect
from sqlalchemy.ext.asyncio import create_async_engine

from mlx_relay.storage import open_database
from mlx_relay.storage.migrate import migrate
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
        assert await connection.run_sync(table_names) >= {"users", "api_keys", "profiles"}
        await connection.rollback()
        assert await connection.run_sync(table_names) == set()
    await engine.dispose()
