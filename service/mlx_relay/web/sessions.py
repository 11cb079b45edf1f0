"""What sign-in needs, put together: a database and a key in; an application that knows people."""

import asyncio
from collections.abc import AsyncIterator, Collection

from aiohttp import web

from mlx_relay.auth.attempts import Attempts, OwnAttempts
from mlx_relay.auth.authenticator import Authenticator
from mlx_relay.auth.live_streams import FindEnded, LiveStreams
from mlx_relay.auth.middleware import AUTHENTICATOR, setup_auth
from mlx_relay.auth.passwords import Passwords
from mlx_relay.auth.refresh_tokens import RefreshSigner
from mlx_relay.auth.tokens import TokenSigner
from mlx_relay.auth.ttl_cache import TtlCache
from mlx_relay.errors import ProfileNotFound
from mlx_relay.grants import Grant
from mlx_relay.profiles import Profile
from mlx_relay.storage import Database, Repository, Standing
from mlx_relay.web.app_keys import (
    ATTEMPTS,
    AUDIT_LOG,
    LIVE_STREAMS,
    PASSWORDS,
    PROFILES,
    REFRESH_COOKIE,
    REFRESH_TOKENS,
    REPOSITORY,
    SESSION_COOKIE,
    SIGN_INS,
    TOKENS,
)
from mlx_relay.web.key_finder import KeyFinder
from mlx_relay.web.session_cookie import REFRESH, SessionCookie


def setup_sessions(
    app: web.Application,
    database: Database,
    *,
    signing_key: bytes,
    token_lifetime_seconds: int,
    secure_cookie: bool,
    attempts: Attempts | None = None,
) -> None:
    """Give the handlers of *app* users, profiles and tokens, and guard its routes with them."""
    repository = database.repository
    tokens = TokenSigner(signing_key, lifetime_seconds=token_lifetime_seconds)
    cookie = SessionCookie(secure=secure_cookie)
    app[REPOSITORY] = repository
    app[PROFILES] = TtlCache(_ProfileFinder(repository).find)
    app[PASSWORDS] = Passwords()
    app[TOKENS] = tokens
    app[ATTEMPTS] = attempts or OwnAttempts()
    app[SIGN_INS] = database.sign_ins
    app[AUDIT_LOG] = database.audit_log
    app[LIVE_STREAMS] = LiveStreams(_find_ended(app, database.standing))
    app[REFRESH_TOKENS] = RefreshSigner(signing_key)
    app[SESSION_COOKIE] = cookie
    app[REFRESH_COOKIE] = SessionCookie(secure=secure_cookie, plain_name=REFRESH)
    app.on_cleanup.append(_close_passwords)
    app.cleanup_ctx.append(_watch_live_streams)
    key_finder = KeyFinder(repository)
    app.cleanup_ctx.append(key_finder.run)
    authenticator = Authenticator(
        tokens,
        find_signed_in=database.sign_ins.user,
        find_account=repository.user,
        find_key=key_finder.find,
    )
    setup_auth(app, authenticator, cookie_name=cookie.name)


def note_change(app: web.Application) -> None:
    """Let a change of users, sign-ins or keys count in this process now, not in some seconds."""
    app[AUTHENTICATOR].forget()
    app[LIVE_STREAMS].look()


class _ProfileFinder:
    """Finds a profile by its id or its name; raises ProfileNotFound."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    async def find(self, key: int | str) -> Profile:
        if isinstance(key, int):
            return await self._repository.profile(key)
        profile = await self._repository.profile_by_name(key)
        if profile is None:
            raise ProfileNotFound
        return profile


def _find_ended(app: web.Application, standing: Standing) -> FindEnded:
    async def find(grants: Collection[Grant]) -> Collection[Grant]:
        ended = await standing.ended(grants)
        if ended:
            # Who has lost a stream gets no other one by what was remembered of them.
            app[AUTHENTICATOR].forget()
        return ended

    return find


async def _watch_live_streams(app: web.Application) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(app[LIVE_STREAMS].watch())
        yield
        watching.cancel()


async def _close_passwords(app: web.Application) -> None:
    app[PASSWORDS].close()
