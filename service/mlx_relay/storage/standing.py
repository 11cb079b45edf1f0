"""Grants in; those of them that have ended, out."""

from collections.abc import Collection, Iterator
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from mlx_relay.grants import Grant, KeyGrant, SessionGrant
from mlx_relay.storage.models import ApiKeyRow, SignInRow, UserRow
from mlx_relay.storage.transactions import Transactions

AT_ONCE = 500
"""How many are asked for in one query: a database takes only so many values."""


class Standing:
    """Reads how things stand now, past every cache."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def ended(self, grants: Collection[Grant]) -> set[Grant]:
        sign_ins = [grant.sign_in for grant in grants if isinstance(grant, SessionGrant)]
        key_ids = [grant.key_id for grant in grants if isinstance(grant, KeyGrant)]
        standing: set[Grant] = set()
        async with self._transactions.read() as session:
            for some_sign_ins in _parts(sign_ins):
                standing |= await _sessions(session, some_sign_ins)
            for some_key_ids in _parts(key_ids):
                standing |= await _keys(session, some_key_ids)
        return set(grants) - standing


async def _sessions(session: AsyncSession, sign_ins: list[str]) -> set[SessionGrant]:
    """Return the grants that a token of *sign_ins* would give now."""
    query = (
        select(UserRow.id, UserRow.token_version, SignInRow.id)
        .join(SignInRow, SignInRow.user_id == UserRow.id)
        .where(SignInRow.id.in_(sign_ins), UserRow.disabled.is_(False))
    )
    return {SessionGrant(*row) for row in await session.execute(query)}


async def _keys(session: AsyncSession, key_ids: list[int]) -> set[KeyGrant]:
    """Return the grants that the keys would give now. An expired one lets its streams end."""
    query = (
        select(UserRow.id, UserRow.role, ApiKeyRow.id)
        .join(ApiKeyRow, ApiKeyRow.user_id == UserRow.id)
        .where(ApiKeyRow.id.in_(key_ids), UserRow.disabled.is_(False))
    )
    return {KeyGrant(*row) for row in await session.execute(query)}


_Value = TypeVar("_Value", str, int)


def _parts(values: list[_Value]) -> Iterator[list[_Value]]:
    for first in range(0, len(values), AT_ONCE):
        yield values[first : first + AT_ONCE]
