"""A database URL in; an open, migrated database out. One code for SQLite and PostgreSQL."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage.migrate import migrate
from mlx_relay.storage.repository import Repository
from mlx_relay.storage.transactions import WRITES, Transactions

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)
_SQLITE_BUSY_SECONDS = 5.0
_POSTGRESQL_SETTINGS = {
    "statement_timeout": "5000",
    "idle_in_transaction_session_timeout": "10000",
    "lock_timeout": "3000",
}


@dataclass(frozen=True)
class Database:
    """An open database; *repository* is its only face."""

    repository: Repository


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Yield the database at *url*, its schema brought up to date under a lock.

    Raises ConfigurationError when it cannot be opened, is no database of ours, or has a schema
    that is newer than this program.
    """
    parsed = _parse(url)
    engine = _make_engine(parsed)
    try:
        await _prepare(engine, parsed)
        yield Database(Repository(Transactions(engine)))
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


def _make_engine(url: URL) -> AsyncEngine:
    if url.drivername == SQLITE:
        _make_private_file(url)
        engine = create_async_engine(
            url, connect_args={"timeout": _SQLITE_BUSY_SECONDS, "isolation_level": None}
        )
        event.listen(engine.sync_engine, "connect", _set_pragmas)
        event.listen(engine.sync_engine, "begin", _begin)
        return engine
    try:
        return create_async_engine(
            url,
            connect_args={"timeout": 5, "server_settings": _POSTGRESQL_SETTINGS},
            pool_size=10,
            max_overflow=5,
            pool_timeout=5,
            pool_pre_ping=True,
            pool_recycle=1800,
        )
    except ModuleNotFoundError:
        raise ConfigurationError(
            "database_url: PostgreSQL needs asyncpg: install mlx-relay[postgres]"
        ) from None


def _make_private_file(url: URL) -> None:
    """Make the file before SQLite does, whose own mode would follow the umask."""
    path = Path(url.database or "")
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise ConfigurationError(f"database {path}: {error.strerror}") from None


def _set_pragmas(connection: Any, entry: ConnectionPoolEntry) -> None:
    del entry
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at once: a reader that turns writer fails instead of waiting."""
    writes = connection.get_execution_options().get(WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


async def _prepare(engine: AsyncEngine, url: URL) -> None:
    shown = url.database if url.drivername == SQLITE else url.render_as_string()
    try:
        async with engine.execution_options(**{WRITES: True}).begin() as connection:
            await connection.run_sync(migrate)
    except DBAPIError as error:
        raise ConfigurationError(f"database {shown}: {_first_line(error.orig)}") from None
    except (SQLAlchemyError, OSError, TimeoutError) as error:
        raise ConfigurationError(f"database {shown}: {_first_line(error)}") from None


def _first_line(error: BaseException | None) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
