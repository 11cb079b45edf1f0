"""A database URL in; an open, migrated database out. One code for SQLite and PostgreSQL."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage import postgresql, sqlite
from mlx_relay.storage.audit import AuditLog
from mlx_relay.storage.conversations import Conversations
from mlx_relay.storage.repository import Repository
from mlx_relay.storage.schema import SchemaState, schema_state
from mlx_relay.storage.sign_ins import SignIns
from mlx_relay.storage.standing import Standing
from mlx_relay.storage.transactions import WRITES, Transactions

SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"


@dataclass(frozen=True)
class Database:
    """An open database, by what it holds; nothing else of it is seen."""

    repository: Repository
    sign_ins: SignIns
    conversations: Conversations
    standing: Standing
    audit_log: AuditLog


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Yield the database at *url*, its schema brought up to date under a lock.

    Raises ConfigurationError when it cannot be opened, is no database of ours, or has a schema
    that is newer than this program.
    """
    parsed = _parse(url)
    engine = _make_engine(parsed)
    try:
        with _as_configuration_error(parsed):
            await _prepare(engine, parsed)
        transactions = Transactions(engine)
        yield Database(
            Repository(transactions),
            SignIns(transactions),
            Conversations(transactions),
            Standing(transactions),
            AuditLog(transactions),
        )
    finally:
        await engine.dispose()


async def look_at_database(url: str) -> SchemaState | None:
    """Return how the schema at *url* stands to this program, None where there is no database.

    Changes nothing. Raises ConfigurationError when it cannot be read.
    """
    parsed = _parse(url)
    if _has_no_file(parsed):
        return None
    engine = _make_engine(parsed)
    try:
        with _as_configuration_error(parsed):
            async with engine.connect() as connection:
                return await connection.run_sync(schema_state)
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


def _has_no_file(url: URL) -> bool:
    return url.drivername == SQLITE and not Path(url.database or "").exists()


def _make_engine(url: URL) -> AsyncEngine:
    if url.drivername == SQLITE:
        return sqlite.make_engine(url)
    return postgresql.make_engine(url)


async def _prepare(engine: AsyncEngine, url: URL) -> None:
    """Make what is missing. A schema that is up to date is only read: no writer has to wait."""
    if url.drivername == SQLITE:
        await asyncio.to_thread(sqlite.prepare_file, Path(url.database or ""))
    async with engine.connect() as connection:
        if await connection.run_sync(schema_state) == "current":
            return
    await _migrate(url)


async def _migrate(url: URL) -> None:
    from mlx_relay.storage.migrate import LOCK_SECONDS, migrate  # noqa: PLC0415 - see schema.py

    is_sqlite = url.drivername == SQLITE
    patient = sqlite.make_engine(url, busy_seconds=LOCK_SECONDS) if is_sqlite else _make_engine(url)
    try:
        async with patient.execution_options(**{WRITES: True}).begin() as connection:
            await connection.run_sync(migrate)
    finally:
        await patient.dispose()


@contextmanager
def _as_configuration_error(url: URL) -> Iterator[None]:
    try:
        yield
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
