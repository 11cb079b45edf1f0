"""What the database knows, as values. No secret of anybody is in here."""

from datetime import datetime
from typing import Any, Literal, TypeAlias

import msgspec

from mlx_relay.grants import Scope

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
    scopes: tuple[Scope, ...]
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


Action: TypeAlias = Literal[
    "user.add",
    "user.change",
    "user.remove",
    "profile.add",
    "profile.change",
    "profile.remove",
    "key.add",
    "key.remove",
]


class Actor(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a change. *via* is a credential's channel, ``cli`` or ``system``.

    *user_id* is that of a user of ours; on the command line the name is the operating system's.
    """

    name: str
    via: str
    user_id: int | None = None
    address: str | None = None
    request_id: str | None = None


SYSTEM = Actor(name="mlx-relay", via="system")


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One change: who made it, and when, to what. *details* are the fields that were set."""

    id: int
    at: datetime
    actor: str
    actor_id: int | None
    via: str
    address: str | None
    request_id: str | None
    action: Action
    target: str
    target_id: int
    details: dict[str, Any]
