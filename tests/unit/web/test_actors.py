"""Whoever sends a request is the one whose changes they are, by whatever way they came in."""

import pytest

from mlx_relay.grants import Scope

from .conftest import Edge


@pytest.mark.parametrize("scopes", [(), ("admin",)])
async def test_a_change_by_an_api_key_is_its_owners(edge: Edge, scopes: tuple[Scope, ...]) -> None:
    headers = {"Authorization": f"Bearer {await edge.make_key(edge.admin, *scopes)}"}
    body = {"name": "eve", "password": "battery staple"}
    assert (await edge.send("POST", "/api/users", body, headers=headers))[0] == 201
    newest, key_made, *_ = await edge.database.audit_log.newest(limit=10)
    assert (newest.actor, newest.actor_id, newest.via) == ("ada", edge.admin.id, "api_key")
    assert (newest.address, newest.target) == ("127.0.0.1", "eve")
    assert (key_made.actor, key_made.actor_id, key_made.via) == ("mlx-relay", None, "system")
