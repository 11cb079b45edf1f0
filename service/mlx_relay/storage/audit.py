"""The audit log: a change in, inside the transaction that makes it; records, newest first, out.

Nothing here changes or removes a record, and the database lets nobody change one. What is secret
is named in it and not shown.
"""

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mlx_relay.storage.models import AuditRow
from mlx_relay.storage.records import Action, Actor, AuditEntry
from mlx_relay.storage.transactions import Transactions

HIDDEN = "(hidden)"

_SECRETS = {"password_hash": "password", "api_key": "api_key"}
"""Columns whose values are never shown, and what they are called."""


def note(
    session: AsyncSession,
    actor: Actor,
    action: Action,
    target: tuple[int, str],
    details: dict[str, Any] | None = None,
) -> None:
    """Record that *actor* did *action* to *target*, an id and a name; *details* are columns."""
    target_id, name = target
    row = AuditRow(
        actor=actor.name,
        actor_id=actor.user_id,
        via=actor.via,
        address=actor.address,
        request_id=actor.request_id,
        action=action,
        target=name,
        target_id=target_id,
        details=_without_secrets(details or {}),
    )
    session.add(row)


class AuditLog:
    """Reads the records."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def newest(self, *, before: int | None = None, limit: int) -> list[AuditEntry]:
        """Return up to *limit*, newest first, older than the record *before*."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(limit)
        if before is not None:
            query = query.where(AuditRow.id < before)
        async with self._transactions.read() as session:
            return [row.to_entry() for row in await session.scalars(query)]


def _without_secrets(details: dict[str, Any]) -> dict[str, Any]:
    return {
        _SECRETS.get(name, name): HIDDEN if name in _SECRETS and value is not None else value
        for name, value in details.items()
    }
