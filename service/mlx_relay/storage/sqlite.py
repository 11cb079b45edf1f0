"""A path in; a private SQLite file in WAL mode, and an engine for it, out."""

import os
import sqlite3
import time
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from mlx_relay.storage.transactions import WRITES

BUSY_SECONDS = 5.0
CONNECTIONS = 5
"""Kept open: opening and closing one takes locks that the others then wait for."""

_RETRY_SECONDS = 0.01

_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
)


def prepare_file(path: Path) -> None:
    """Make the file if there is none; blocks. Raises OSError or sqlite3.Error."""
    # Before SQLite does it: its own mode would follow the umask.
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(descriptor, 0o600)
    finally:
        os.close(descriptor)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        _switch_to_wal(connection)
    finally:
        connection.close()


def make_engine(url: URL, *, busy_seconds: float | None = None) -> AsyncEngine:
    """Return an engine whose transactions are its own: the driver would begin them too late.

    For *busy_seconds* it waits for another writer.
    """
    engine = create_async_engine(
        url,
        connect_args={
            "timeout": BUSY_SECONDS if busy_seconds is None else busy_seconds,
            "isolation_level": None,
        },
        pool_size=CONNECTIONS,
        max_overflow=0,
        hide_parameters=True,
    )
    event.listen(engine.sync_engine, "connect", _set_pragmas)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _switch_to_wal(connection: sqlite3.Connection) -> None:
    """Two who do this at once: SQLite fails one of them without its busy timeout."""
    give_up_at = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up_at:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return


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
