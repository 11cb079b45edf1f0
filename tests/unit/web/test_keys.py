"""API keys over HTTP: one's own, shown once."""

from datetime import UTC, datetime, timedelta

import pytest

from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part

from .conftest import Edge


async def test_a_key_is_shown_once_and_works(edge: Edge) -> None:
    status, made = await edge.as_plain_user("POST", "/api/keys", {"name": "laptop"})
    assert status == 201
    secret = made.pop("secret")
    assert secret.startswith(made["prefix"])
    headers = {"Authorization": f"Bearer {secret}"}
    assert (await edge.send("GET", "/api/auth/me", headers=headers))[1]["name"] == "bob"
    _, listed = await edge.as_plain_user("GET", "/api/keys")
    assert [key | {"last_used_at": None} for key in listed] == [made]
    assert made["scopes"] == ["chat", "read", "account", "admin"]


async def test_a_removed_key_is_dead_at_once(edge: Edge) -> None:
    _, made = await edge.as_plain_user("POST", "/api/keys", {"name": "laptop"})
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert (await edge.send("GET", "/api/keys", headers=headers))[0] == 200
    assert await edge.as_plain_user("DELETE", f"/api/keys/{made['id']}") == (204, None)
    assert (await edge.send("GET", "/api/keys", headers=headers))[0] == 401


async def test_a_key_with_an_end_is_kept_with_it(edge: Edge) -> None:
    expires_at = datetime.now(UTC) + timedelta(days=1)
    body = {"name": "laptop", "expires_at": expires_at.isoformat()}
    status, made = await edge.as_plain_user("POST", "/api/keys", body)
    assert status == 201
    assert datetime.fromisoformat(made["expires_at"]) == expires_at


async def test_a_key_keeps_to_its_scopes(edge: Edge) -> None:
    body = {"name": "laptop", "scopes": ["read", "chat"]}
    status, made = await edge.as_plain_user("POST", "/api/keys", body)
    assert (status, made["scopes"]) == (201, ["chat", "read"])
    headers = {"Authorization": f"Bearer {made['secret']}"}
    assert (await edge.send("GET", "/api/keys", headers=headers))[0] == 200
    status, answer = await edge.send("POST", "/api/keys", {"name": "k"}, headers=headers)
    assert (status, answer["error"]["code"]) == (403, "forbidden")
    assert "lacks the scope account" in answer["error"]["message"]


async def test_a_key_gives_another_no_more_than_it_has(edge: Edge) -> None:
    headers = {"Authorization": f"Bearer {await edge.make_key(edge.user, 'account')}"}
    status, made = await edge.send("POST", "/api/keys", {"name": "k"}, headers=headers)
    assert (status, made["scopes"]) == (201, ["account"])
    more = {"name": "k", "scopes": ["account", "chat"]}
    status, answer = await edge.send("POST", "/api/keys", more, headers=headers)
    assert (status, answer["error"]["code"]) == (403, "forbidden")


async def test_a_key_that_has_expired_lets_nobody_in(edge: Edge) -> None:
    secret = make_api_key()
    await edge.repository.add_api_key(
        edge.user.id,
        "old",
        secret_hash=hash_api_key(secret),
        prefix=visible_part(secret),
        expires_at=datetime.now(UTC) - timedelta(seconds=1),
    )
    headers = {"Authorization": f"Bearer {secret}"}
    status, answer = await edge.send("GET", "/api/auth/me", headers=headers)
    assert (status, answer["error"]["code"]) == (401, "unauthorized")


async def test_the_keys_of_others_are_not_there_for_anybody(edge: Edge) -> None:
    _, made = await edge.as_plain_user("POST", "/api/keys", {"name": "laptop"})
    assert await edge.as_admin("GET", "/api/keys") == (200, [])
    status, answer = await edge.as_admin("DELETE", f"/api/keys/{made['id']}")
    assert (status, answer["error"]["code"]) == (404, "not_found")
    assert len(await edge.repository.api_keys(edge.user.id)) == 1


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        ({}, "name: It is required."),
        ({"name": ""}, "name: Expected string of length >= 1."),
        ({"name": "x", "user_id": 1}, "user_id: There is no such field."),
        ({"name": "x", "scopes": []}, "scopes: Expected"),
        ({"name": "x", "scopes": ["root"]}, "scopes[0]: It is not one of the values"),
        ({"name": "x", "scopes": "chat"}, "scopes: Expected array"),
        ({"name": "x", "expires_at": "tomorrow"}, "expires_at: It is not one of the values"),
        ({"name": "x", "expires_at": "2027-01-01T00:00:00"}, "expires_at: Expected time"),
        ({"name": "x", "expires_at": "2020-01-01T00:00:00Z"}, "expires_at: It must be in the"),
        ({"name": "x", "expires_at": "9999-12-31T23:59:59-14:00"}, "expires_at: It is too far"),
    ],
)
async def test_a_bad_key_is_not_made(edge: Edge, body: dict[str, object], complaint: str) -> None:
    status, answer = await edge.as_plain_user("POST", "/api/keys", body)
    assert (status, answer["error"]["code"]) == (422, "invalid_request")
    assert answer["error"]["message"].startswith(complaint)
    assert await edge.repository.api_keys() == []
