"""What the database knows about people, as values. No secret of theirs is in here."""

from datetime import datetime
from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["admin", "user"]


class User(msgspec.Struct, frozen=True, kw_only=True):
    """Someone who may sign in. A token issued for an older *token_version* is void."""

    id: int
    name: str
    role: Role
    disabled: bool
    token_version: int
    created_at: datetime

    @property
    def is_active_admin(self) -> bool:
        return self.role == "admin" and not self.disabled


class ApiKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key of a user; *prefix* is its visible beginning, for telling keys apart."""

    id: int
    user_id: int
    name: str
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class Conversation(msgspec.Struct, frozen=True, kw_only=True):
    """A chat that its user keeps; *updated_at* is when its messages last changed."""

    id: str
    title: str
    profile_id: int | None
    created_at: datetime
    updated_at: datetime
