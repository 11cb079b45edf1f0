"""One's own API keys: list, make, remove. The secret is in the answer that makes it, only there.

A key that makes keys gives them no scope that it does not have itself.
"""

from collections.abc import Collection
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import Forbidden, InvalidRequest
from mlx_relay.grants import SCOPES, Scope
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.actors import acting_repository
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import REPOSITORY
from mlx_relay.web.body import path_id, read_form
from mlx_relay.web.forms import KeyForm
from mlx_relay.web.sessions import note_change


class KeyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as its owner sees it; *secret* only when it is made."""

    id: int
    name: str
    prefix: str
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    secret: str | None = None

    @classmethod
    def of(cls, api_key: ApiKey, *, secret: str | None = None) -> "KeyView":
        return cls(
            id=api_key.id,
            name=api_key.name,
            prefix=api_key.prefix,
            scopes=api_key.scopes,
            created_at=api_key.created_at,
            expires_at=api_key.expires_at,
            last_used_at=api_key.last_used_at,
            secret=secret,
        )


def ordered(scopes: Collection[Scope]) -> list[Scope]:
    return [scope for scope in SCOPES if scope in scopes]


async def list_keys(request: web.Request) -> web.Response:
    keys = await request.app[REPOSITORY].api_keys(request[IDENTITY].user_id)
    return json_answer([KeyView.of(key) for key in keys])


async def add_key(request: web.Request) -> web.Response:
    form = await read_form(request, KeyForm)
    expires_at = _checked(form.expires_at) if form.expires_at else None
    identity = request[IDENTITY]
    scopes = ordered(form.scopes or identity.scopes)
    if not set(scopes) <= set(identity.scopes):
        raise Forbidden("An API key cannot give another one more than it may do itself.")
    secret = make_api_key()
    key = await acting_repository(request).add_api_key(
        identity.user_id,
        form.name,
        secret_hash=hash_api_key(secret),
        prefix=visible_part(secret),
        scopes=scopes,
        expires_at=expires_at,
    )
    return json_answer(KeyView.of(key, secret=secret), status=201)


def _checked(expires_at: datetime) -> datetime:
    try:
        in_utc = expires_at.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, in the west
        raise InvalidRequest("expires_at: It is too far away.") from None
    if in_utc <= datetime.now(UTC):
        raise InvalidRequest("expires_at: It must be in the future.")
    return in_utc


async def remove_key(request: web.Request) -> web.Response:
    user_id = request[IDENTITY].user_id
    await acting_repository(request).remove_api_key(path_id(request), user_id=user_id)
    note_change(request.app)
    return empty_answer()
