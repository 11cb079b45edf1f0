"""An open connection in; its schema at this program's version afterwards.

To add a version: change ``models.py``, add a file in ``migrations/versions`` whose
``down_revision`` is the last one, and whose name begins with its own; tests compare them.
"""

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text

from mlx_relay.errors import ConfigurationError
from mlx_relay.storage.schema import MIGRATIONS, schema_state

NEWER = "database: its schema is newer than this mlx-relay: install the newer version"

LOCK_SECONDS = 60
"""How long one process waits for another that migrates."""

_LOCK_NUMBER = 0x6D6C7872
"""Any constant that all our processes agree on ("mlxr")."""


def migrate(connection: Connection) -> None:
    """Bring the schema up to date inside the caller's transaction.

    Raises ConfigurationError when the schema is one that this program does not know.
    """
    if connection.dialect.name == "postgresql":
        _lock_postgresql(connection)
    if schema_state(connection) == "newer":
        raise ConfigurationError(NEWER)
    command.upgrade(_config(connection), "head")


def _lock_postgresql(connection: Connection) -> None:
    """SQLite needs none: its BEGIN IMMEDIATE is the lock."""
    connection.execute(text(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'"))
    connection.execute(text("SET LOCAL statement_timeout = '120s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
