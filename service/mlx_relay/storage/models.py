"""The tables. Only the repository and the migrations look in here."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from mlx_relay.grants import Scope
from mlx_relay.profiles import Deadlines, ModelType, Profile, ProfileFields
from mlx_relay.storage.records import ApiKey, AuditEntry, Role, User


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware out, UTC in the database: SQLite keeps no time zone of its own."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        del dialect
        return value and value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


def _now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """The base of all tables. A freed id never comes back: a token names its user by id."""

    __table_args__: tuple[Any, ...] = ({"sqlite_autoincrement": True},)


class UserRow(Base):
    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    password_hash: Mapped[str] = mapped_column(String(255))
    role: Mapped[Role] = mapped_column(String(16))
    disabled: Mapped[bool] = mapped_column(default=False)
    token_version: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)

    def to_user(self) -> User:
        return User(
            id=self.id,
            name=self.name,
            role=self.role,
            disabled=self.disabled,
            token_version=self.token_version,
            created_at=self.created_at,
        )


class ApiKeyRow(Base):
    """*scopes* with spaces between them."""

    __tablename__ = "api_keys"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(String(64))
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    prefix: Mapped[str] = mapped_column(String(16))
    scopes: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    def to_api_key(self) -> ApiKey:
        return ApiKey(
            id=self.id,
            user_id=self.user_id,
            name=self.name,
            prefix=self.prefix,
            scopes=msgspec.convert(self.scopes.split(), tuple[Scope, ...]),
            created_at=self.created_at,
            expires_at=self.expires_at,
            last_used_at=self.last_used_at,
        )


class SignInRow(Base):
    """*generation* counts the renewals; a token of any other generation is an old one."""

    __tablename__ = "sign_ins"
    __table_args__ = ()

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    token_version: Mapped[int]
    generation: Mapped[int]
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    renewed_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


class ProfileRow(Base):
    """A row has the fields of ``ProfileFields``, by the same names; *deadlines* as JSON."""

    __tablename__ = "profiles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    scheme: Mapped[str] = mapped_column(String(8))
    host: Mapped[str] = mapped_column(String(253))
    port: Mapped[int]
    base_path: Mapped[str] = mapped_column(String(255))
    api_key: Mapped[str | None] = mapped_column(String(4096))
    model_path: Mapped[str] = mapped_column(String(1024))
    model_type: Mapped[ModelType] = mapped_column(String(16))
    reasoning_parser: Mapped[str | None] = mapped_column(String(64))
    tool_parser: Mapped[str | None] = mapped_column(String(64))
    starts_in_thinking: Mapped[bool | None]
    keeps_reasoning: Mapped[bool]
    deadlines: Mapped[dict[str, float]] = mapped_column(JSON)
    max_streams: Mapped[int]
    enabled: Mapped[bool]

    def to_profile(self) -> Profile:
        fields = {name: getattr(self, name) for name in Profile.__struct_fields__}
        return msgspec.convert(fields, Profile)


class AuditRow(Base):
    """Rows are added, and neither changed nor removed."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=_now)
    actor: Mapped[str] = mapped_column(String(64))
    actor_id: Mapped[int | None]
    via: Mapped[str] = mapped_column(String(16))
    address: Mapped[str | None] = mapped_column(String(64))
    request_id: Mapped[str | None] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(32))
    target: Mapped[str] = mapped_column(String(64))
    target_id: Mapped[int]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    def to_entry(self) -> AuditEntry:
        fields = {name: getattr(self, name) for name in AuditEntry.__struct_fields__}
        return msgspec.convert(fields, AuditEntry)


def profile_columns(fields: ProfileFields) -> dict[str, object]:
    """Return *fields* as the columns of a ``ProfileRow``."""
    names = ProfileFields.__struct_fields__
    return to_columns({name: getattr(fields, name) for name in names})


def to_columns(changes: dict[str, object]) -> dict[str, object]:
    """Return *changes* with the deadlines as the JSON column takes them."""
    deadlines = changes.get("deadlines")
    if isinstance(deadlines, Deadlines):
        return {**changes, "deadlines": msgspec.structs.asdict(deadlines)}
    return changes
