"""``GET /v1/models``: the profiles that a user may use, by name, as OpenAI lists models."""

from aiohttp import web

from mlx_relay.profiles import Profile
from mlx_relay.web.answers import json_answer
from mlx_relay.web.app_keys import REPOSITORY
from mlx_relay.web.dialects.answering import find_profile


async def list_models(request: web.Request) -> web.Response:
    profiles = await request.app[REPOSITORY].profiles()
    models = [_model(profile) for profile in profiles if profile.enabled]
    return json_answer({"object": "list", "data": models})


async def show_model(request: web.Request) -> web.Response:
    return json_answer(_model(await find_profile(request, request.match_info["name"])))


def _model(profile: Profile) -> dict[str, object]:
    """When a profile was made is not kept; clients want a number."""
    return {"id": profile.name, "object": "model", "created": 0, "owned_by": "mlx-relay"}
