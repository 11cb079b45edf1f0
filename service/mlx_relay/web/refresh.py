"""A browser's sign-in: tokens and cookies when it starts, new ones when it is renewed, its end."""

import time
from contextlib import suppress
from datetime import UTC, datetime

import structlog
from aiohttp import hdrs, web

from mlx_relay.auth.credentials import find_credential
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
from mlx_relay.web.sessions import note_change

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
    """End the sign-in that the request's refresh cookie or its bearer token names, if genuine."""
    for sign_in in _named_sign_ins(request):
        await request.app[SIGN_INS].end(sign_in)
        note_change(request.app)


def _named_sign_ins(request: web.Request) -> set[str]:
    named = set()
    if token := _cookie(request):
        check_same_origin(request)
        with suppress(Unauthorized):
            named.add(request.app[REFRESH_TOKENS].read(token).sign_in)
    with suppress(Unauthorized):
        credential = find_credential(request, request.app[SESSION_COOKIE].name)
        if credential.via == "token":
            claims = request.app[TOKENS].verify(credential.secret, now=time.time())
            named.add(claims.sign_in)
    return named


async def _renew(request: web.Request) -> SignIn:
    token = _cookie(request)
    if not token:
        raise Unauthorized(reason="missing")
    claims = request.app[REFRESH_TOKENS].read(token)
    now = datetime.now(UTC)
    renewed = await request.app[SIGN_INS].renew(claims.sign_in, claims.generation, now)
    if not isinstance(renewed, SignIn):
        # Whatever else lives by that sign-in ends with it.
        note_change(request.app)
        raise Unauthorized(reason=renewed)
    return renewed


def _cookie(request: web.Request) -> str | None:
    name = request.app[REFRESH_COOKIE].name
    return request.cookies.get(name) if hdrs.COOKIE in request.headers else None


def _answer(request: web.Request, sign_in: SignIn) -> web.Response:
    tokens = request.app[TOKENS]
    user = sign_in.user
    token = tokens.issue(user.id, user.token_version, sign_in.id, now=time.time())
    lifetime = tokens.lifetime_seconds
    response = json_answer({"access_token": token, "token_type": "bearer", "expires_in": lifetime})
    request.app[SESSION_COOKIE].put(response, token, lifetime)
    refresh_token = request.app[REFRESH_TOKENS].issue(sign_in.id, sign_in.generation)
    remaining = int((sign_in.expires_at - datetime.now(UTC)).total_seconds())
    request.app[REFRESH_COOKIE].put(response, refresh_token, remaining)
    return response
