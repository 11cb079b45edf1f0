"""Users over HTTP: what admins may do, and what is refused without a change."""

import pytest

from .conftest import PASSWORD, Edge

NEW = {"name": "eve", "password": "battery staple"}


async def test_an_admin_adds_lists_changes_and_removes_a_user(edge: Edge) -> None:
    status, added = await edge.as_admin("POST", "/api/users", NEW)
    assert status == 201
    assert added == {
        "id": 3,
        "name": "eve",
        "role": "user",
        "disabled": False,
        "created_at": added["created_at"],
    }
    assert (await edge.as_admin("GET", "/api/users"))[1][2] == added
    assert await edge.as_admin("GET", "/api/users/3") == (200, added)
    status, changed = await edge.as_admin("PATCH", "/api/users/3", {"role": "admin"})
    assert (status, changed) == (200, added | {"role": "admin"})
    assert await edge.as_admin("DELETE", "/api/users/3") == (204, None)
    assert (await edge.as_admin("GET", "/api/users/3"))[0] == 404


async def test_a_user_whom_an_admin_disables_is_out_at_once(edge: Edge) -> None:
    assert (await edge.as_plain_user("GET", "/api/auth/me"))[0] == 200
    path = f"/api/users/{edge.user.id}"
    assert (await edge.as_admin("PATCH", path, {"disabled": True}))[0] == 200
    assert (await edge.as_plain_user("GET", "/api/auth/me"))[0] == 401


async def test_a_user_who_is_removed_is_out_at_once(edge: Edge) -> None:
    key = {"Authorization": f"Bearer {await edge.make_key(edge.user)}"}
    assert (await edge.send("GET", "/api/auth/me", headers=key))[0] == 200
    await edge.as_admin("DELETE", f"/api/users/{edge.user.id}")
    assert (await edge.send("GET", "/api/auth/me", headers=key))[0] == 401


async def test_an_admin_sets_a_password_and_the_user_signs_in_with_it(edge: Edge) -> None:
    path = f"/api/users/{edge.user.id}"
    assert (await edge.as_admin("PATCH", path, {"password": "battery staple"}))[0] == 200
    for password, status in ((PASSWORD, 401), ("battery staple", 200)):
        form = {"username": "bob", "password": password}
        assert (await edge.send("POST", "/api/auth/login", form))[0] == status


async def test_the_last_admin_stays(edge: Edge) -> None:
    path = f"/api/users/{edge.admin.id}"
    for method, body in (
        ("DELETE", None),
        ("PATCH", {"role": "user"}),
        ("PATCH", {"disabled": True}),
    ):
        status, answer = await edge.as_admin(method, path, body)
        assert (status, answer["error"]["code"]) == (409, "conflict")
    assert await edge.repository.user(edge.admin.id) == edge.admin


async def test_a_taken_name_is_a_conflict(edge: Edge) -> None:
    assert (await edge.as_admin("POST", "/api/users", NEW | {"name": "bob"}))[0] == 409
    assert (await edge.as_admin("PATCH", "/api/users/1", {"name": "bob"}))[0] == 409


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "name: It is required."),
        ({"name": "eve"}, "password: It is required."),
        (NEW | {"name": ""}, "name: Expected string of length >= 1."),
        (NEW | {"name": " eve"}, "name: It may hold printable characters only"),
        (NEW | {"name": "e\u202eve"}, "name: It may hold printable characters only"),
        (NEW | {"name": "x" * 65}, "name: Expected string of length <= 64."),
        (NEW | {"password": "short"}, "password: Expected string of length >= 8."),
        (NEW | {"password": "x" * 1025}, "password: It may be at most 1024 bytes long."),
        (NEW | {"role": "root"}, "role: It is not one of the values"),
        (NEW | {"id": 1}, "id: There is no such field."),
        (NEW | {"token_version": 1}, "token_version: There is no such field."),
        (NEW | {"disabled": True}, "disabled: There is no such field."),
    ],
)
async def test_a_bad_user_is_not_added(edge: Edge, body: dict[str, object], complaint: str) -> None:
    status, answer = await edge.as_admin("POST", "/api/users", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert answer["error"]["message"].startswith(complaint)
    assert len(await edge.repository.users()) == 2


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "Name at least one field to change."),
        ({"role": "root"}, "role: It is not one of the values"),
        ({"disabled": "yes"}, "disabled: Expected boolean or null, got string."),
        ({"disabled": True, "id": 9}, "id: There is no such field."),
        ({"disabled": True, "password_hash": "x"}, "password_hash: There is no such field."),
    ],
)
async def test_a_bad_change_changes_nothing(
    edge: Edge, body: dict[str, object], complaint: str
) -> None:
    status, answer = await edge.as_admin("PATCH", f"/api/users/{edge.user.id}", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert answer["error"]["message"].startswith(complaint)
    assert await edge.repository.user(edge.user.id) == edge.user


async def test_nobody_is_found_by_an_id_that_is_not_there(edge: Edge) -> None:
    for method, body in (("GET", None), ("PATCH", {"disabled": True}), ("DELETE", None)):
        status, answer = await edge.as_admin(method, "/api/users/999999999", body)
        assert (status, answer["error"]["code"]) == (404, "not_found")
