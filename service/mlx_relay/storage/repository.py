"""Questions and changes in; value objects out. Each method is one short transaction."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from mlx_relay.errors import Conflict, NotFound, ProfileNotFound
from mlx_relay.profiles import Profile, ProfileFields
from mlx_relay.storage.models import (
    ApiKeyRow,
    Base,
    ProfileRow,
    UserRow,
    profile_columns,
    to_columns,
)
from mlx_relay.storage.records import ApiKey, Role, User
from mlx_relay.storage.transactions import Transactions

MAX_ID = 2**31 - 1
"""What an INTEGER of PostgreSQL holds; no larger id exists, and the driver refuses to ask."""

_Row = TypeVar("_Row", bound=Base)


class Repository:
    """The users, API keys and profiles of one database.

    A name that is taken raises Conflict; an id that is not there NotFound (ProfileNotFound);
    a database that does not answer Unavailable.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def ping(self) -> None:
        """Raise Unavailable unless the database answers."""
        async with self._transactions.read() as session:
            await session.execute(select(1))

    # Users

    async def add_user(self, name: str, password_hash: str, *, role: Role = "user") -> User:
        async with self._transactions.write() as session:
            row = UserRow(name=name, password_hash=password_hash, role=role)
            await _insert(session, row)
            return row.to_user()

    async def users(self) -> list[User]:
        rows = await self._all(select(UserRow).order_by(UserRow.id))
        return [row.to_user() for row in rows]

    async def user(self, user_id: int) -> User:
        async with self._transactions.read() as session:
            return (await _find(session, UserRow, user_id)).to_user()

    async def user_by_name(self, name: str) -> User | None:
        rows = await self._all(select(UserRow).where(UserRow.name == name))
        return rows[0].to_user() if rows else None

    async def password_hash(self, user_id: int) -> str:
        async with self._transactions.read() as session:
            return (await _find(session, UserRow, user_id)).password_hash

    async def change_user(
        self,
        user_id: int,
        *,
        name: str | None = None,
        role: Role | None = None,
        disabled: bool | None = None,
        password_hash: str | None = None,
    ) -> User:
        """Change what is not None, and end the user's tokens.

        Raises Conflict if that would leave no enabled admin.
        """
        given = {
            "name": name,
            "role": role,
            "disabled": disabled,
            "password_hash": password_hash,
        }
        async with self._transactions.write() as session:
            await _lock_admins(session)
            row = await _find(session, UserRow, user_id, lock=True)
            was_admin = row.to_user().is_active_admin
            _assign(row, {field: value for field, value in given.items() if value is not None})
            row.token_version += 1
            await session.flush()
            if was_admin and not row.to_user().is_active_admin:
                await _require_an_admin(session)
            return row.to_user()

    async def set_password_hash(
        self, user_id: int, password_hash: str, *, ends_tokens: bool = True
    ) -> None:
        """Store *password_hash*; *ends_tokens* is off where the password itself stays."""
        async with self._transactions.write() as session:
            row = await _find(session, UserRow, user_id, lock=True)
            row.password_hash = password_hash
            row.token_version += int(ends_tokens)

    async def remove_user(self, user_id: int) -> None:
        """Remove the user and their keys; raises Conflict for the last enabled admin."""
        async with self._transactions.write() as session:
            await _lock_admins(session)
            row = await _find(session, UserRow, user_id, lock=True)
            await session.delete(row)
            await session.flush()
            if row.to_user().is_active_admin:
                await _require_an_admin(session)

    # Profiles

    async def add_profile(self, profile_fields: ProfileFields) -> Profile:
        async with self._transactions.write() as session:
            row = ProfileRow(**profile_columns(profile_fields))
            await _insert(session, row)
            return row.to_profile()

    async def profiles(self) -> list[Profile]:
        rows = await self._all(select(ProfileRow).order_by(ProfileRow.id))
        return [row.to_profile() for row in rows]

    async def profile(self, profile_id: int) -> Profile:
        async with self._transactions.read() as session:
            return (await _find(session, ProfileRow, profile_id)).to_profile()

    async def profile_by_name(self, name: str) -> Profile | None:
        rows = await self._all(select(ProfileRow).where(ProfileRow.name == name))
        return rows[0].to_profile() if rows else None

    async def change_profile(self, profile_id: int, changes: dict[str, object]) -> Profile:
        """Set the fields that *changes* names (those of ``ProfileFields``, validated)."""
        async with self._transactions.write() as session:
            row = await _find(session, ProfileRow, profile_id, lock=True)
            _assign(row, to_columns(changes))
            await session.flush()
            return row.to_profile()

    async def remove_profile(self, profile_id: int) -> None:
        async with self._transactions.write() as session:
            await session.delete(await _find(session, ProfileRow, profile_id, lock=True))

    # API keys

    async def add_api_key(
        self,
        user_id: int,
        name: str,
        *,
        secret_hash: str,
        prefix: str,
        expires_at: datetime | None = None,
    ) -> ApiKey:
        async with self._transactions.write() as session:
            await _find(session, UserRow, user_id, lock=True)
            row = ApiKeyRow(
                user_id=user_id,
                name=name,
                secret_hash=secret_hash,
                prefix=prefix,
                expires_at=expires_at,
            )
            await _insert(session, row)
            return row.to_api_key()

    async def api_keys(self, user_id: int | None = None) -> list[ApiKey]:
        """Return the keys of one user, or of all."""
        query = select(ApiKeyRow).order_by(ApiKeyRow.id)
        if user_id is not None:
            query = query.where(ApiKeyRow.user_id == user_id)
        return [row.to_api_key() for row in await self._all(query)]

    async def api_key_by_hash(self, secret_hash: str) -> ApiKey | None:
        rows = await self._all(select(ApiKeyRow).where(ApiKeyRow.secret_hash == secret_hash))
        return rows[0].to_api_key() if rows else None

    async def touch_api_key(self, key_id: int, at: datetime) -> None:
        """Note that the key was used; a key that has just been removed is no error."""
        async with self._transactions.write() as session:
            query = update(ApiKeyRow).where(ApiKeyRow.id == key_id).values(last_used_at=at)
            await session.execute(query)

    async def remove_api_key(self, key_id: int, *, user_id: int | None = None) -> None:
        """Remove the key; with *user_id* only if it is theirs."""
        async with self._transactions.write() as session:
            row = await _find(session, ApiKeyRow, key_id, lock=True)
            if user_id not in (None, row.user_id):
                raise NotFound
            await session.execute(delete(ApiKeyRow).where(ApiKeyRow.id == key_id))

    async def _all(self, query: Select[_Row]) -> Sequence[_Row]:
        async with self._transactions.read() as session:
            return (await session.scalars(query)).all()


async def _find(
    session: AsyncSession, table: type[_Row], row_id: int, *, lock: bool = False
) -> _Row:
    """Return the row; with *lock* nobody else changes it until the transaction ends."""
    exists = 0 < row_id <= MAX_ID
    row = await session.get(table, row_id, with_for_update=lock) if exists else None
    if row is None:
        raise ProfileNotFound if table is ProfileRow else NotFound
    return row


async def _insert(session: AsyncSession, row: Base) -> None:
    session.add(row)
    await session.flush()


def _assign(row: Base, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(row, name, value)


async def _lock_admins(session: AsyncSession) -> None:
    """Let changes of admins wait for each other (SQLite writers do anyway)."""
    await session.execute(_active_admins().with_for_update())


async def _require_an_admin(session: AsyncSession) -> None:
    if (await session.execute(_active_admins())).first() is None:
        raise Conflict("This is the last admin who can sign in.")


def _active_admins() -> Select[int]:
    """In order of id, so that two changes lock the rows in one order."""
    query = select(UserRow.id).where(UserRow.role == "admin", UserRow.disabled.is_(False))
    return query.order_by(UserRow.id)
