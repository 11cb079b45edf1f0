"""An open connection in; its schema at this program's version afterwards.

To add a version: change ``models.py``, add a file in ``migrations/versions`` whose
``down_revision`` is the last one; a test compares the two.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from mlx_relay.errors import ConfigurationError

_LOCK_NUMBER = 0x6D6C7872
"""Any constant that all our processes agree on ("mlxr")."""


def migrate(connection: Connection) -> None:
    """Bring the schema up to date inside the caller's transaction.

    Raises ConfigurationError when the schema is one that this program does not know.
    """
    if connection.dialect.name == "postgresql":
        _lock_postgresql(connection)
    config = _config(connection)
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise ConfigurationError(
            "database: its schema is newer than this mlx-relay: install the newer version"
        )
    command.upgrade(config, "head")


def _lock_postgresql(connection: Connection) -> None:
    """SQLite needs none: its BEGIN IMMEDIATE is the lock."""
    connection.execute(text("SET LOCAL lock_timeout = '60s'"))
    connection.execute(text("SET LOCAL statement_timeout = '120s'"))
    connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
