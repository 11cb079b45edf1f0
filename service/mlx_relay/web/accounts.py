"""Sign in, sign out, who am I, change my password."""

from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import InvalidRequest, Unauthorized
from mlx_relay.web.actors import acting_repository
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import (
    ATTEMPTS,
    PASSWORDS,
    REFRESH_COOKIE,
    REPOSITORY,
    SESSION_COOKIE,
)
from mlx_relay.web.body import read_form
from mlx_relay.web.client_address import client_address
from mlx_relay.web.forms import LoginForm, PasswordForm
from mlx_relay.web.refresh import answer_with_tokens, end_sign_in
from mlx_relay.web.sessions import note_change

LOGIN_BODY_SECONDS = 5.0


async def log_in(request: web.Request) -> web.Response:
    """Answer alike, in words and in time, whether the name, the password or the user is wrong."""
    form = await read_form(request, LoginForm, seconds=LOGIN_BODY_SECONDS)
    repository = request.app[REPOSITORY]
    user = await repository.user_by_name(form.username)
    password_hash = await repository.password_hash(user.id) if user else None
    fits = await _try_password(request, form.username, password_hash, form.password)
    if user is None or password_hash is None or user.disabled or not fits:
        raise Unauthorized("The name or the password is wrong.", reason="login")
    if request.app[PASSWORDS].needs_rehash(password_hash):
        renewed = await request.app[PASSWORDS].hash(form.password)
        await repository.renew_password_hash(user.id, password_hash, renewed)
    return await answer_with_tokens(request, user)


async def log_out(request: web.Request) -> web.Response:
    """End the sign-in, its tokens and its streams, and take the browser's cookies away.

    Other sign-ins of the user go on. Open to everybody: the session may have run out, and the
    sign-in must end all the same.
    """
    await end_sign_in(request)
    response = empty_answer()
    request.app[SESSION_COOKIE].clear(response)
    request.app[REFRESH_COOKIE].clear(response)
    return response


async def who_am_i(request: web.Request) -> web.Response:
    identity = request[IDENTITY]
    return json_answer({"id": identity.user_id, "name": identity.name, "role": identity.role})


async def change_password(request: web.Request) -> web.Response:
    """Change one's own password; ends all tokens of the user but those in the answer."""
    form = await read_form(request, PasswordForm, seconds=LOGIN_BODY_SECONDS)
    repository = request.app[REPOSITORY]
    identity = request[IDENTITY]
    current = await repository.password_hash(identity.user_id)
    if not await _try_password(request, identity.name, current, form.current_password):
        raise InvalidRequest("current_password: It is wrong.")
    changed = await request.app[PASSWORDS].hash(form.new_password)
    user = await acting_repository(request).change_user(identity.user_id, password_hash=changed)
    note_change(request.app)
    return await answer_with_tokens(request, user)


async def _try_password(
    request: web.Request, account: str, password_hash: str | None, password: str
) -> bool:
    """Return whether *password* fits; raises RateLimited, before hashing, after too many tries."""
    attempts = request.app[ATTEMPTS]
    address = client_address(request)
    await attempts.begin(account, address)
    fits = await request.app[PASSWORDS].verify(password_hash, password)
    if fits:
        await attempts.succeeded(account, address)
    return fits
