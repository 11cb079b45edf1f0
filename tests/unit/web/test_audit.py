"""The audit log over HTTP: all that admins did, page by page."""

from typing import Any

import pytest

from .conftest import PASSWORD, Edge

PROFILE = {"name": "qwen", "host": "127.0.0.1", "port": 8000, "model_path": "m"}


async def entries(edge: Edge) -> list[dict[str, Any]]:
    status, page = await edge.as_admin("GET", "/api/audit?limit=200")
    assert (status, page["next"]) == (200, None)
    found: list[dict[str, Any]] = page["entries"]
    return found


async def test_what_an_admin_does_is_there_with_name_address_and_request(edge: Edge) -> None:
    async with edge.client.patch(
        f"/api/users/{edge.user.id}", json={"disabled": True}, headers=edge.bearer(edge.admin)
    ) as answer:
        request_id = answer.headers["X-Request-ID"]
    newest = (await entries(edge))[0]
    assert newest == {
        "id": newest["id"],
        "at": newest["at"],
        "actor": "ada",
        "actor_id": edge.admin.id,
        "via": "token",
        "address": "127.0.0.1",
        "request_id": request_id,
        "action": "user.change",
        "target": "bob",
        "target_id": edge.user.id,
        "details": {"disabled": True},
    }


async def test_every_route_that_changes_something_says_who_did_it(edge: Edge) -> None:
    before = len(await entries(edge))
    _, user = await edge.as_admin("POST", "/api/users", {"name": "eve", "password": PASSWORD})
    await edge.as_admin("PATCH", f"/api/users/{user['id']}", {"role": "admin"})
    await edge.as_admin("DELETE", f"/api/users/{user['id']}")
    _, profile = await edge.as_admin("POST", "/api/profiles", PROFILE)
    await edge.as_admin("PATCH", f"/api/profiles/{profile['id']}", {"port": 9000})
    await edge.as_admin("DELETE", f"/api/profiles/{profile['id']}")
    _, key = await edge.as_admin("POST", "/api/keys", {"name": "k"})
    await edge.as_admin("DELETE", f"/api/keys/{key['id']}")
    made = (await entries(edge))[:-before]
    assert [entry["action"] for entry in reversed(made)] == [
        "user.add",
        "user.change",
        "user.remove",
        "profile.add",
        "profile.change",
        "profile.remove",
        "key.add",
        "key.remove",
    ]
    assert {(entry["actor"], entry["via"]) for entry in made} == {("ada", "token")}


async def test_a_user_who_changes_the_password_is_there_too(edge: Edge) -> None:
    change = {"current_password": PASSWORD, "new_password": "battery staple"}
    assert (await edge.as_plain_user("POST", "/api/auth/password", change))[0] == 200
    newest = (await entries(edge))[0]
    assert (newest["actor"], newest["target"], newest["action"]) == ("bob", "bob", "user.change")
    assert newest["details"] == {"password": "(hidden)"}


async def test_a_page_ends_with_the_cursor_of_the_next(edge: Edge) -> None:
    everything = await entries(edge)
    _, first = await edge.as_admin("GET", "/api/audit?limit=1")
    _, rest = await edge.as_admin("GET", f"/api/audit?cursor={first['next']}")
    assert first["entries"] + rest["entries"] == everything
    assert rest["next"] is None


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "cursor=0", "before=1"])
async def test_a_wrong_query_is_refused(edge: Edge, query: str) -> None:
    status, answer = await edge.as_admin("GET", f"/api/audit?{query}")
    assert (status, answer["error"]["code"]) == (422, "invalid_request")


async def test_only_admins_may_look(edge: Edge) -> None:
    assert (await edge.as_plain_user("GET", "/api/audit"))[0] == 403
