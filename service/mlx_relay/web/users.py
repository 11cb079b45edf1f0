"""Users for admins: list, add, look at, change, remove."""

from datetime import datetime

import msgspec
from aiohttp import web

from mlx_relay.storage.records import Role, User
from mlx_relay.web.actors import acting_repository
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import PASSWORDS, REPOSITORY
from mlx_relay.web.body import path_id, read_form
from mlx_relay.web.forms import UserChanges, UserForm, require_changes
from mlx_relay.web.sessions import note_change


class UserView(msgspec.Struct, frozen=True):
    """What an admin sees of a user."""

    id: int
    name: str
    role: Role
    disabled: bool
    created_at: datetime

    @classmethod
    def of(cls, user: User) -> "UserView":
        return cls(user.id, user.name, user.role, user.disabled, user.created_at)


async def list_users(request: web.Request) -> web.Response:
    users = await request.app[REPOSITORY].users()
    return json_answer([UserView.of(user) for user in users])


async def add_user(request: web.Request) -> web.Response:
    form = await read_form(request, UserForm)
    password_hash = await request.app[PASSWORDS].hash(form.password)
    user = await acting_repository(request).add_user(form.name, password_hash, role=form.role)
    return json_answer(UserView.of(user), status=201)


async def show_user(request: web.Request) -> web.Response:
    return json_answer(UserView.of(await request.app[REPOSITORY].user(path_id(request))))


async def change_user(request: web.Request) -> web.Response:
    """Change a user; their tokens end."""
    form = await read_form(request, UserChanges)
    require_changes(form)
    user = await acting_repository(request).change_user(
        path_id(request),
        name=form.name,
        role=form.role,
        disabled=form.disabled,
        password_hash=form.password and await request.app[PASSWORDS].hash(form.password),
    )
    note_change(request.app)
    return json_answer(UserView.of(user))


async def remove_user(request: web.Request) -> web.Response:
    await acting_repository(request).remove_user(path_id(request))
    note_change(request.app)
    return empty_answer()
