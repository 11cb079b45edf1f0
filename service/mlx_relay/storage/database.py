"""A database URL in; an open, migrated database out. One code for SQLite and PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage import postgresql, sqlite
from mlx_relay.storage.conversations import Conversations
from mlx_relay.storage.migrate import migrate
from mlx_relay.storage.repository import Repository
from mlx_relay.storage.sign_ins import SignIns
from mlx_relay.storage.transactions import WRITES, Transactions

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"


@dataclass(frozen=True)
class Database:
    """An open database, by what it holds; nothing else of it is seen."""

    repository: Repository
    sign_ins: SignIns
    conversations: Conversations


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Yield the database at *url*, its schema brought up to date under a lock.

    Raises ConfigurationError when it cannot be opened, is no database of ours, or has a schema
    that is newer than this program.
    """
    parsed = _parse(url)
    is_sqlite = parsed.drivername == SQLITE
    engine = sqlite.make_engine(parsed) if is_sqlite else postgresql.make_engine(parsed)
    try:
        await _prepare(engine, parsed)
        transactions = Transactions(engine)
        yield Database(Repository(transactions), SignIns(transactions), Conversations(transactions))
    finally:
        await engine.dispose()


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError("database_url: is not a database URL") from None
    if parsed.drivername not in (SQLITE, POSTGRESQL) or not parsed.database:
        raise ConfigurationError(
            f"database_url: give {SQLITE}:///FILE or {POSTGRESQL}://USER@HOST/NAME"
        )
    return parsed


async def _prepare(engine: AsyncEngine, url: URL) -> None:
    try:
        if url.drivername == SQLITE:
            await asyncio.to_thread(sqlite.prepare_file, Path(url.database or ""))
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            await connection.run_sync(migrate)
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise ConfigurationError(f"database {_show(url)}: {_explain(error)}") from None


def _show(url: URL) -> str:
    """Without the password."""
    return url.render_as_string() if url.drivername == POSTGRESQL else str(url.database)


def _explain(error: Exception) -> str:
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
