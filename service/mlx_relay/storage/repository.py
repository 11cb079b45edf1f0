"""Questions and changes in; value objects out. Each method is one short transaction."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import Select, or_, select, update

from mlx_relay.errors import NotFound
from mlx_relay.grants import SCOPES, Scope
from mlx_relay.profiles import Profile, ProfileFields
from mlx_relay.storage.audit import note
from mlx_relay.storage.models import (
    ApiKeyRow,
    Base,
    ProfileRow,
    UserRow,
    profile_columns,
    to_columns,
)
from mlx_relay.storage.records import SYSTEM, Actor, ApiKey, Role, User
from mlx_relay.storage.rows import assign, find, insert, lock_admins, require_an_admin
from mlx_relay.storage.transactions import Transactions

USE_STEP = timedelta(minutes=1)
"""How exactly the last use of a key is known: to write it at each use would cost each use."""

_Row = TypeVar("_Row", bound=Base)


class Repository:
    """The users, API keys and profiles of one database.

    Every change of them is in the audit log, as the *actor*'s, or it is not made.

    A name that is taken raises Conflict; an id that is not there NotFound (ProfileNotFound);
    a database that does not answer Unavailable.
    """

    def __init__(self, transactions: Transactions, actor: Actor = SYSTEM) -> None:
        self._transactions = transactions
        self._actor = actor

    def acting_as(self, actor: Actor) -> "Repository":
        """Return the same for changes that *actor* makes."""
        return Repository(self._transactions, actor)

    async def ping(self) -> None:
        """Raise Unavailable unless the database answers."""
        async with self._transactions.read() as session:
            await session.execute(select(1))

    # Users

    async def add_user(self, name: str, password_hash: str, *, role: Role = "user") -> User:
        async with self._transactions.write() as session:
            row = UserRow(name=name, password_hash=password_hash, role=role)
            await insert(session, row)
            note(session, self._actor, "user.add", (row.id, name), {"role": role})
            return row.to_user()

    async def users(self) -> list[User]:
        rows = await self._all(select(UserRow).order_by(UserRow.id))
        return [row.to_user() for row in rows]

    async def user(self, user_id: int) -> User:
        async with self._transactions.read() as session:
            return (await find(session, UserRow, user_id)).to_user()

    async def user_by_name(self, name: str) -> User | None:
        rows = await self._all(select(UserRow).where(UserRow.name == name))
        return rows[0].to_user() if rows else None

    async def password_hash(self, user_id: int) -> str:
        async with self._transactions.read() as session:
            return (await find(session, UserRow, user_id)).password_hash

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
        changes = {field: value for field, value in given.items() if value is not None}
        async with self._transactions.write() as session:
            await lock_admins(session)
            row = await find(session, UserRow, user_id, lock=True)
            was_admin = row.to_user().is_active_admin
            note(session, self._actor, "user.change", (row.id, row.name), changes)
            assign(row, changes)
            row.token_version += 1
            await session.flush()
            if was_admin and not row.to_user().is_active_admin:
                await require_an_admin(session)
            return row.to_user()

    async def renew_password_hash(self, user_id: int, known: str, renewed: str) -> None:
        """Put *renewed*, a hash of the same password, in the place of *known*, if that is there."""
        query = update(UserRow).where(UserRow.id == user_id, UserRow.password_hash == known)
        async with self._transactions.write() as session:
            await session.execute(query.values(password_hash=renewed))

    async def remove_user(self, user_id: int) -> None:
        """Remove the user and their keys; raises Conflict for the last enabled admin."""
        async with self._transactions.write() as session:
            await lock_admins(session)
            row = await find(session, UserRow, user_id, lock=True)
            note(session, self._actor, "user.remove", (row.id, row.name))
            await session.delete(row)
            await session.flush()
            if row.to_user().is_active_admin:
                await require_an_admin(session)

    # Profiles

    async def add_profile(self, profile_fields: ProfileFields) -> Profile:
        async with self._transactions.write() as session:
            columns = profile_columns(profile_fields)
            row = ProfileRow(**columns)
            await insert(session, row)
            note(session, self._actor, "profile.add", (row.id, row.name), columns)
            return row.to_profile()

    async def profiles(self) -> list[Profile]:
        rows = await self._all(select(ProfileRow).order_by(ProfileRow.id))
        return [row.to_profile() for row in rows]

    async def profile(self, profile_id: int) -> Profile:
        async with self._transactions.read() as session:
            return (await find(session, ProfileRow, profile_id)).to_profile()

    async def profile_by_name(self, name: str) -> Profile | None:
        rows = await self._all(select(ProfileRow).where(ProfileRow.name == name))
        return rows[0].to_profile() if rows else None

    async def change_profile(self, profile_id: int, changes: dict[str, object]) -> Profile:
        """Set the fields that *changes* names (those of ``ProfileFields``, validated)."""
        async with self._transactions.write() as session:
            row = await find(session, ProfileRow, profile_id, lock=True)
            columns = to_columns(changes)
            note(session, self._actor, "profile.change", (row.id, row.name), columns)
            assign(row, columns)
            await session.flush()
            return row.to_profile()

    async def remove_profile(self, profile_id: int) -> None:
        async with self._transactions.write() as session:
            row = await find(session, ProfileRow, profile_id, lock=True)
            note(session, self._actor, "profile.remove", (row.id, row.name))
            await session.delete(row)

    # API keys

    async def add_api_key(
        self,
        user_id: int,
        name: str,
        *,
        secret_hash: str,
        prefix: str,
        scopes: Sequence[Scope] = SCOPES,
        expires_at: datetime | None = None,
    ) -> ApiKey:
        async with self._transactions.write() as session:
            await find(session, UserRow, user_id, lock=True)
            row = ApiKeyRow(
                user_id=user_id,
                name=name,
                secret_hash=secret_hash,
                prefix=prefix,
                scopes=" ".join(scopes),
                expires_at=expires_at,
            )
            await insert(session, row)
            details = {"user_id": user_id, "scopes": row.scopes}
            note(session, self._actor, "key.add", (row.id, name), details)
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
        last = ApiKeyRow.last_used_at
        is_old = or_(last.is_(None), last <= at - USE_STEP)
        query = update(ApiKeyRow).where(ApiKeyRow.id == key_id, is_old).values(last_used_at=at)
        async with self._transactions.write() as session:
            await session.execute(query)

    async def remove_api_key(self, key_id: int, *, user_id: int | None = None) -> None:
        """Remove the key; with *user_id* only if it is theirs."""
        async with self._transactions.write() as session:
            row = await find(session, ApiKeyRow, key_id, lock=True)
            if user_id not in (None, row.user_id):
                raise NotFound
            note(session, self._actor, "key.remove", (row.id, row.name), {"user_id": row.user_id})
            await session.delete(row)

    async def _all(self, query: Select[_Row]) -> Sequence[_Row]:
        async with self._transactions.read() as session:
            return (await session.scalars(query)).all()
