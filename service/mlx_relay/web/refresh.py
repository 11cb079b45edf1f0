"""A browser's sign-in: tokens and cookies when it starts, new ones when it is renewed, its end."""

import time
from datetime import UTC, datetime

import structlog
from aiohttp import hdrs, web

from mlx_relay.auth.same_origin import check_same_origin
from mlx_relay.errors import Unauthorized
from mlx_relay.storage.records import User
from mlx_relay.storage.sign_ins import SignIn
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import (
    REFRESH_COOKIE,
    REFRESH_TOKENS,
    SESSION_COOKIE,
    SIGN_INS,
    TOKENS,
)

_log = structlog.get_logger(__name__)


async def answer_with_tokens(request: web.Request, user: User) -> web.Response:
    """Start a sign-in of *user*."""
    return _answer(request, await request.app[SIGN_INS].start(user, datetime.now(UTC)))


async def refresh(request: web.Request) -> web.Response:
    """Answer a good refresh token with the next one; a used one ends the sign-in."""
    check_same_origin(request)
    try:
        return _answer(request, await _renew(request))
    except Unauthorized as error:
        _log.info("refresh_failed", reason=error.reason)
        raise


async def end_sign_in(request: web.Request) -> None:
    """End the sign-in that the request's cookie names; without a genuine one there is none."""
    token = _cookie(request)
    if not token:
        return
    check_same_origin(request)
    try:
        claims = request.app[REFRESH_TOKENS].read(token)
    except Unauthorized:
        return
    await request.app[SIGN_INS].end(claims.sign_in)


async def _renew(request: web.Request) -> SignIn:
    token = _cookie(request)
    if not token:
        raise Unauthorized(reason="missing")
    claims = request.app[REFRESH_TOKENS].read(token)
    now = datetime.now(UTC)
    renewed = await request.app[SIGN_INS].renew(claims.sign_in, claims.generation, now)
    if not isinstance(renewed, SignIn):
        raise Unauthorized(reason=renewed)
    return renewed


def _cookie(request: web.Request) -> str | None:
    name = request.app[REFRESH_COOKIE].name
    return request.cookies.get(name) if hdrs.COOKIE in request.headers else None


def _answer(request: web.Request, sign_in: SignIn) -> web.Response:
    tokens = request.app[TOKENS]
    token = tokens.issue(sign_in.user.id, sign_in.user.token_version, now=time.time())
    lifetime = tokens.lifetime_seconds
    response = json_answer({"access_token": token, "token_type": "bearer", "expires_in": lifetime})
    request.app[SESSION_COOKIE].put(response, token, lifetime)
    refresh_token = request.app[REFRESH_TOKENS].issue(sign_in.id, sign_in.generation)
    remaining = int((sign_in.expires_at - datetime.now(UTC)).total_seconds())
    request.app[REFRESH_COOKIE].put(response, refresh_token, remaining)
    return response
