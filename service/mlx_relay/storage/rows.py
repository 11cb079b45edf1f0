"""Finding and changing single rows inside a transaction of the caller's."""

from typing import Any, TypeVar

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from mlx_relay.errors import Conflict, NotFound, ProfileNotFound
from mlx_relay.storage.models import Base, ProfileRow, UserRow

MAX_ID = 2**31 - 1
"""What an INTEGER of PostgreSQL holds; no larger id exists, and the driver refuses to ask."""

_Row = TypeVar("_Row", bound=Base)


async def find(
    session: AsyncSession, table: type[_Row], row_id: int, *, lock: bool = False
) -> _Row:
    """Return the row; with *lock* nobody else changes it until the transaction ends.

    Raises NotFound, or ProfileNotFound.
    """
    exists = 0 < row_id <= MAX_ID
    row = await session.get(table, row_id, with_for_update=lock) if exists else None
    if row is None:
        raise ProfileNotFound if table is ProfileRow else NotFound
    return row


async def insert(session: AsyncSession, row: Base) -> None:
    session.add(row)
    await session.flush()


def assign(row: Base, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


async def lock_admins(session: AsyncSession) -> None:
    """Let changes of admins wait for each other (SQLite writers do anyway)."""
    await session.execute(_active_admins().with_for_update())


async def require_an_admin(session: AsyncSession) -> None:
    """Raise Conflict if nobody is left who could manage the others."""
    if (await session.execute(_active_admins())).first() is None:
        raise Conflict("This is the last admin who can sign in.")


def _active_admins() -> Select[int]:
    """In order of id, so that two changes lock the rows in one order."""
    query = select(UserRow.id).where(UserRow.role == "admin", UserRow.disabled.is_(False))
    return query.order_by(UserRow.id)
