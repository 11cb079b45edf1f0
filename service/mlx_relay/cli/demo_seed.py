"""An empty database and a fake's port in; a user, a key and the profiles of the demo out."""

import secrets
from dataclasses import dataclass
from typing import Final

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.cli.hashing import hash_once
from mlx_relay.profiles import Profile, ProfileFields
from mlx_relay.storage import Repository

USER: Final = "demo"
CLOSED_PORT: Final = 1
"""TCP port 1 of this host: only root could listen there, and nobody does."""


@dataclass(frozen=True)
class Chat:
    """A profile to try, and a prompt that was recorded for it."""

    profile: Profile
    prompt: str


@dataclass(frozen=True)
class Seed:
    """What a visitor needs: a login, a key that outlasts a token, and chats to try."""

    password: str
    api_key: str
    chats: list[Chat]


async def seed(repository: Repository, port: int) -> Seed:
    """Fill *repository* for a fake MLX server on *port* of this host."""
    password, api_key = secrets.token_urlsafe(9), make_api_key()
    user = await repository.add_user(USER, await hash_once(password), role="admin")
    await repository.add_api_key(
        user.id, "demo", secret_hash=hash_api_key(api_key), prefix=visible_part(api_key)
    )
    chats = [
        Chat(await repository.add_profile(fields), prompt) for fields, prompt in _profiles(port)
    ]
    return Seed(password, api_key, chats)


def _profiles(port: int) -> list[tuple[ProfileFields, str]]:
    """Return the profiles; the prompts are the ones of the shipped recordings."""
    return [
        (_profile("thinking", port), "What is the capital of France?"),
        (_profile("plain", port), "Answer directly: what color is the sky?"),
        (_profile("tools", port), "What is the weather in Paris?"),
        (_profile("down", CLOSED_PORT), "Is anybody there?"),
    ]


def _profile(name: str, port: int) -> ProfileFields:
    return ProfileFields(name=name, host="127.0.0.1", port=port, model_path=f"demo/{name}")
