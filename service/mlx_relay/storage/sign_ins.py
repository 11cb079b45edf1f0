"""The sign-ins of browsers: a name and a generation in; the next generation, or a refusal, out.

A sign-in is renewed step by step. Whoever brings an old step was copied from, or copied: nobody
can tell which, so the whole sign-in ends (RFC 9700 4.14.2). Two tabs of one browser may bring the
same step at the same moment, and an answer may be lost: for a few seconds the last step but one
gets the newest again, as it did the first time.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from sqlalchemy import delete, select

from mlx_relay.errors import NotFound
from mlx_relay.storage.models import SignInRow, UserRow
from mlx_relay.storage.records import User
from mlx_relay.storage.transactions import Transactions

LIFETIME = timedelta(days=30)
IDLE = timedelta(days=7)
GRACE = timedelta(seconds=10)
MAX_PER_USER = 1000

Refusal: TypeAlias = Literal["unknown", "expired", "superseded", "disabled", "reused"]


@dataclass(frozen=True)
class SignIn:
    """One sign-in of one browser, as its newest token knows it."""

    id: str
    generation: int
    expires_at: datetime
    user: User


class SignIns:
    """Ends by itself what is too old, and what a disabled user or a new password ended."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def start(self, user: User, now: datetime) -> SignIn:
        """Note that *user* signed in; clears away what nobody can renew any more."""
        row = SignInRow(
            id=uuid.uuid4().hex,
            user_id=user.id,
            token_version=user.token_version,
            generation=1,
            started_at=now,
            renewed_at=now,
        )
        of_user = select(SignInRow.id).where(SignInRow.user_id == user.id)
        surplus = of_user.order_by(SignInRow.renewed_at.desc()).offset(MAX_PER_USER - 1)
        async with self._transactions.write() as session:
            await session.execute(delete(SignInRow).where(SignInRow.renewed_at < now - IDLE))
            await session.execute(delete(SignInRow).where(SignInRow.id.in_(surplus)))
            session.add(row)
        return _sign_in(row, user)

    async def renew(self, sign_in_id: str, generation: int, now: datetime) -> SignIn | Refusal:
        """Return the sign-in at its next generation; a refusal ends it."""
        async with self._transactions.write() as session:
            row = await session.get(SignInRow, sign_in_id, with_for_update=True)
            if row is None:
                return "unknown"
            user = (await session.get_one(UserRow, row.user_id)).to_user()
            refusal = _refusal(row, user, generation, now)
            if refusal is not None:
                await session.delete(row)
                return refusal
            if generation == row.generation:
                row.generation += 1
                row.renewed_at = now
            return _sign_in(row, user)

    async def user(self, sign_in_id: str) -> User:
        """Return whose sign-in it is; raises NotFound when it has ended."""
        query = select(UserRow).join(SignInRow).where(SignInRow.id == sign_in_id)
        async with self._transactions.read() as session:
            row = await session.scalar(query)
        if row is None:
            raise NotFound
        return row.to_user()

    async def end(self, sign_in_id: str) -> None:
        async with self._transactions.write() as session:
            await session.execute(delete(SignInRow).where(SignInRow.id == sign_in_id))


def _refusal(row: SignInRow, user: User, generation: int, now: datetime) -> Refusal | None:
    if now >= _expires_at(row):
        return "expired"
    if user.disabled:
        return "disabled"
    if user.token_version != row.token_version:
        return "superseded"
    is_newest = generation == row.generation
    is_a_race = generation == row.generation - 1 and now - row.renewed_at <= GRACE
    return None if is_newest or is_a_race else "reused"


def _expires_at(row: SignInRow) -> datetime:
    return min(row.started_at + LIFETIME, row.renewed_at + IDLE)


def _sign_in(row: SignInRow, user: User) -> SignIn:
    return SignIn(row.id, row.generation, _expires_at(row), user)
