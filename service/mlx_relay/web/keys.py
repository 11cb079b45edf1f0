"""One's own API keys: list, make, remove. The secret is in the answer that makes it, only there."""

from datetime import UTC, datetime

import msgspec
from aiohttp import web

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.auth.middleware import AUTHENTICATOR, IDENTITY
from mlx_relay.errors import InvalidRequest
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import REPOSITORY
from mlx_relay.web.body import path_id, read_form
from mlx_relay.web.forms import KeyForm


class KeyView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A key as its owner sees it; *secret* only when it is made."""

    id: int
    name: str
    prefix: str
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
            created_at=api_key.created_at,
            expires_at=api_key.expires_at,
            last_used_at=api_key.last_used_at,
            secret=secret,
        )


async def list_keys(request: web.Request) -> web.Response:
    keys = await request.app[REPOSITORY].api_keys(request[IDENTITY].user_id)
    return json_answer([KeyView.of(key) for key in keys])


async def add_key(request: web.Request) -> web.Response:
    form = await read_form(request, KeyForm)
    if form.expires_at is not None and form.expires_at <= datetime.now(UTC):
        raise InvalidRequest("expires_at: It must be in the future.")
    secret = make_api_key()
    key = await request.app[REPOSITORY].add_api_key(
        request[IDENTITY].user_id,
        form.name,
        secret_hash=hash_api_key(secret),
        prefix=visible_part(secret),
        expires_at=form.expires_at,
    )
    return json_answer(KeyView.of(key, secret=secret), status=201)


async def remove_key(request: web.Request) -> web.Response:
    user_id = request[IDENTITY].user_id
    await request.app[REPOSITORY].remove_api_key(path_id(request), user_id=user_id)
    request.app[AUTHENTICATOR].forget()
    return empty_answer()
