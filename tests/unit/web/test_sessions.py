"""What setup_sessions puts together: keys note their use, a changed profile is new at once."""

from mlx_relay.profiles import ProfileFields
from mlx_relay.web.app_keys import PROFILES

from .conftest import Edge


async def test_the_use_of_a_key_is_noted(edge: Edge) -> None:
    secret = await edge.make_key(edge.user)
    headers = {"Authorization": f"Bearer {secret}"}
    await edge.send("GET", "/api/auth/me", headers=headers)
    assert (await edge.repository.api_keys())[0].last_used_at is not None


async def test_the_next_chat_sees_a_profile_as_an_admin_has_just_changed_it(edge: Edge) -> None:
    assert edge.client.app is not None
    profiles = edge.client.app[PROFILES]
    added = await edge.repository.add_profile(
        ProfileFields(name="qwen", host="127.0.0.1", port=8000, model_path="m")
    )
    assert await profiles.get(added.id) == added
    await edge.as_admin("PATCH", f"/api/profiles/{added.id}", {"port": 9000})
    assert (await profiles.get(added.id)).port == 9000
