"""What sign-in needs, put together: a repository and a key in; an application that knows people."""

from datetime import UTC, datetime

from aiohttp import web

from mlx_relay.auth.authenticator import Authenticator
from mlx_relay.auth.middleware import setup_auth
from mlx_relay.auth.passwords import Passwords
from mlx_relay.auth.refresh_tokens import RefreshSigner
from mlx_relay.auth.throttle import LoginThrottle
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import NotFound
from mlx_relay.storage import Repository, SignIns
from mlx_relay.storage.records import ApiKey
from mlx_relay.web.app_keys import (
    PASSWORDS,
    PROFILES,
    REFRESH_COOKIE,
    REFRESH_TOKENS,
    REPOSITORY,
    SESSION_COOKIE,
    SIGN_INS,
    THROTTLE,
    TOKENS,
)
from mlx_relay.web.session_cookie import REFRESH, SessionCookie


def setup_sessions(
    app: web.Application,
    repository: Repository,
    sign_ins: SignIns,
    *,
    signing_key: bytes,
    token_lifetime_seconds: int,
    secure_cookie: bool,
    throttle: LoginThrottle | None = None,
) -> None:
    """Give the handlers of *app* users, profiles and tokens, and guard its routes with them."""
    tokens = TokenSigner(signing_key, lifetime_seconds=token_lifetime_seconds)
    cookie = SessionCookie(secure=secure_cookie)
    app[REPOSITORY] = repository
    app[PROFILES] = TtlCache(repository.profile)
    app[PASSWORDS] = Passwords()
    app[TOKENS] = tokens
    app[THROTTLE] = throttle or LoginThrottle()
    app[SIGN_INS] = sign_ins
    app[REFRESH_TOKENS] = RefreshSigner(signing_key)
    app[SESSION_COOKIE] = cookie
    app[REFRESH_COOKIE] = SessionCookie(secure=secure_cookie, plain_name=REFRESH)
    app.on_cleanup.append(_close_passwords)
    finder = _KeyFinder(repository)
    authenticator = Authenticator(tokens, find_account=repository.user, find_key=finder.find)
    setup_auth(app, authenticator, cookie_name=cookie.name)


class _KeyFinder:
    """Finds a key by its hash, and notes that it was used."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def find(self, secret_hash: str) -> ApiKey:
        key = await self._repository.api_key_by_hash(secret_hash)
        if key is None:
            raise NotFound
        await self._repository.touch_api_key(key.id, datetime.now(UTC))
        return key


async def _close_passwords(app: web.Application) -> None:
    app[PASSWORDS].close()
