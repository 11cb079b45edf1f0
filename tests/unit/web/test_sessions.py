"""What setup_sessions put together: the caches notice a change, and keys remember their use."""

from .conftest import Edge


async def test_a_change_that_another_process_made_is_seen_when_the_cache_is_empty(
    edge: Edge,
) -> None:
    headers = edge.bearer(edge.user)
    await edge.repository.change_user(edge.user.id, disabled=True)
    assert (await edge.send("GET", "/api/auth/me", headers=headers))[0] == 401


async def test_the_use_of_a_key_is_noted(edge: Edge) -> None:
    secret = await edge.make_key(edge.user)
    headers = {"Authorization": f"Bearer {secret}"}
    await edge.send("GET", "/api/auth/me", headers=headers)
    assert (await edge.repository.api_keys())[0].last_used_at is not None
