"""An open connection in; how its schema stands to this program's out.

Alembic would say the same. To load it takes a tenth of a start, and hardly any start migrates.
"""

from pathlib import Path
from typing import Final, Literal, TypeAlias

from sqlalchemy import Connection, inspect, text

SchemaState: TypeAlias = Literal["empty", "older", "current", "newer"]

MIGRATIONS: Final = Path(__file__).parent / "migrations"

REVISIONS: Final = tuple(sorted(path.name[1:5] for path in MIGRATIONS.glob("versions/v*.py")))
"""All that this program knows, the oldest first: each file has its own in its name."""


def schema_state(connection: Connection) -> SchemaState:
    """Return how the schema stands to this program's; changes nothing."""
    revision = _revision(connection)
    if revision is None:
        return "empty"
    if revision == REVISIONS[-1]:
        return "current"
    return "older" if revision in REVISIONS else "newer"


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    revision: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
    return revision
