"""``/v1/models``: the profiles that a user may use, by name."""

from mlx_relay.profiles import ProfileFields
from unit.web.conftest import Edge


async def add(edge: Edge, name: str, *, enabled: bool = True) -> None:
    await edge.repository.add_profile(
        ProfileFields(name=name, host="127.0.0.1", port=8000, model_path="m", enabled=enabled)
    )


def model(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "mlx-relay"}


async def test_the_models_are_the_profiles_that_may_be_used(edge: Edge) -> None:
    await add(edge, "qwen")
    await add(edge, "off", enabled=False)
    listed = {"object": "list", "data": [model("qwen")]}
    assert await edge.as_plain_user("GET", "/v1/models") == (200, listed)
    assert await edge.as_admin("GET", "/v1/models") == (200, listed)


async def test_one_model_is_found_by_its_name_even_with_a_slash(edge: Edge) -> None:
    await add(edge, "team/Qwen 3")
    assert await edge.as_plain_user("GET", "/v1/models/team/Qwen%203") == (
        200,
        model("team/Qwen 3"),
    )


async def test_a_profile_that_is_off_or_not_there_is_not_found(edge: Edge) -> None:
    await add(edge, "off", enabled=False)
    for name in ("off", "nobody"):
        assert (await edge.as_plain_user("GET", f"/v1/models/{name}"))[0] == 404


async def test_a_profile_has_its_new_name_as_soon_as_an_admin_changed_it(edge: Edge) -> None:
    await add(edge, "old")
    assert (await edge.as_plain_user("GET", "/v1/models/old"))[0] == 200
    await edge.as_admin("PATCH", "/api/profiles/1", {"name": "new"})
    assert (await edge.as_plain_user("GET", "/v1/models/old"))[0] == 404
    assert (await edge.as_plain_user("GET", "/v1/models/new"))[0] == 200
