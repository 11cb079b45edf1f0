"""Profiles: users list those they may use; admins see, add, change, remove and try them."""

from datetime import datetime

import msgspec
from aiohttp import web

from mlx_relay.auth.middleware import IDENTITY
from mlx_relay.errors import ProfileNotFound
from mlx_relay.profiles import Deadlines, ModelType, Profile
from mlx_relay.web.actors import acting_repository
from mlx_relay.web.answers import empty_answer, json_answer
from mlx_relay.web.app_keys import (
    ADDRESS_POLICY,
    PROFILE_TEST,
    PROFILES,
    REACHABILITY,
    REPOSITORY,
)
from mlx_relay.web.body import path_id, read_form
from mlx_relay.web.forms import ProfileChanges, ProfileForm, changes_of


class ProfileView(msgspec.Struct, frozen=True, kw_only=True):
    """What a user sees of a profile: nothing of where its server is.

    *status*, *cause* and *retry_at* are those of ``Reachability``.
    """

    id: int
    name: str
    model_path: str
    model_type: ModelType
    reasoning_parser: str | None
    tool_parser: str | None
    starts_in_thinking: bool | None
    status: str
    cause: str | None
    retry_at: datetime | None


class AdminProfileView(ProfileView, frozen=True, kw_only=True):
    """What an admin sees: all but the key."""

    scheme: str
    host: str
    port: int
    base_path: str
    has_api_key: bool
    keeps_reasoning: bool
    deadlines: Deadlines
    max_streams: int
    enabled: bool


async def list_profiles(request: web.Request) -> web.Response:
    profiles = await request.app[REPOSITORY].profiles()
    return json_answer([_view(request, one) for one in profiles if _may_see(request, one)])


async def show_profile(request: web.Request) -> web.Response:
    profile = await request.app[REPOSITORY].profile(path_id(request))
    if not _may_see(request, profile):
        raise ProfileNotFound
    return json_answer(_view(request, profile))


async def add_profile(request: web.Request) -> web.Response:
    form = await read_form(request, ProfileForm)
    request.app[ADDRESS_POLICY].check_host(form.host)
    profile = await acting_repository(request).add_profile(form)
    return json_answer(_view(request, profile), status=201)


async def change_profile(request: web.Request) -> web.Response:
    changes = changes_of(await read_form(request, ProfileChanges))
    if isinstance(host := changes.get("host"), str):
        request.app[ADDRESS_POLICY].check_host(host)
    profile = await acting_repository(request).change_profile(path_id(request), changes)
    request.app[PROFILES].clear()
    return json_answer(_view(request, profile))


async def remove_profile(request: web.Request) -> web.Response:
    await acting_repository(request).remove_profile(path_id(request))
    request.app[PROFILES].clear()
    return empty_answer()


async def try_profile(request: web.Request) -> web.Response:
    """Ask the profile's server for its models; a server that is down is an answer too."""
    profile = await request.app[REPOSITORY].profile(path_id(request))
    return json_answer(await request.app[PROFILE_TEST](profile))


def _is_admin(request: web.Request) -> bool:
    identity = request[IDENTITY]
    return identity.role == "admin" and not {"read", "admin"}.isdisjoint(identity.scopes)


def _may_see(request: web.Request, profile: Profile) -> bool:
    return profile.enabled or _is_admin(request)


def _view(request: web.Request, profile: Profile) -> ProfileView:
    kind = AdminProfileView if _is_admin(request) else ProfileView
    derived = msgspec.structs.asdict(request.app[REACHABILITY](profile.id))
    derived["has_api_key"] = profile.api_key is not None
    names = [name for name in kind.__struct_fields__ if name not in derived]
    fields = {name: getattr(profile, name) for name in names}
    return msgspec.convert(fields | derived, kind)
