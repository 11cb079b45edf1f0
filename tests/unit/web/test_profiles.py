"""Profiles over HTTP: who sees what, and what is refused without a change."""

from datetime import UTC, datetime
from typing import Any

import pytest

from mlx_relay.profiles import Reachability
from mlx_relay.upstream import AddressPolicy
from mlx_relay.web.app_keys import ADDRESS_POLICY, REACHABILITY

from .conftest import Edge

NEW: dict[str, Any] = {
    "name": "qwen",
    "host": "127.0.0.1",
    "port": 8000,
    "model_path": "mlx-community/Qwen3-4B-4bit",
}
SECRET = "upstream-secret"


async def test_an_admin_adds_a_profile_and_never_sees_its_key_again(edge: Edge) -> None:
    status, added = await edge.as_admin("POST", "/api/profiles", NEW | {"api_key": SECRET})
    assert status == 201
    assert added == NEW | {
        "id": 1,
        "scheme": "http",
        "base_path": "/v1",
        "has_api_key": True,
        "model_type": "text",
        "reasoning_parser": "auto",
        "tool_parser": None,
        "starts_in_thinking": None,
        "keeps_reasoning": False,
        "deadlines": {
            "connect": 5.0,
            "response_head": 300.0,
            "first_event": 600.0,
            "next_event": 120.0,
            "total": 1800.0,
        },
        "max_streams": 0,
        "enabled": True,
        "status": "up",
        "cause": None,
        "retry_at": None,
    }
    assert await edge.as_admin("GET", "/api/profiles") == (200, [added])
    assert await edge.as_admin("GET", "/api/profiles/1") == (200, added)
    assert (await edge.repository.profile(1)).api_key == SECRET


async def test_a_user_does_not_see_where_the_server_is(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW | {"api_key": SECRET})
    _, profiles = await edge.as_plain_user("GET", "/api/profiles")
    assert profiles == [
        {
            "id": 1,
            "name": "qwen",
            "model_path": "mlx-community/Qwen3-4B-4bit",
            "model_type": "text",
            "reasoning_parser": "auto",
            "tool_parser": None,
            "starts_in_thinking": None,
            "status": "up",
            "cause": None,
            "retry_at": None,
        }
    ]
    assert await edge.as_plain_user("GET", "/api/profiles/1") == (200, profiles[0])


async def test_a_user_does_not_see_a_profile_that_is_off(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW | {"enabled": False})
    assert await edge.as_plain_user("GET", "/api/profiles") == (200, [])
    status, answer = await edge.as_plain_user("GET", "/api/profiles/1")
    assert (status, answer["error"]["code"]) == (404, "profile_not_found")
    assert (await edge.as_admin("GET", "/api/profiles/1"))[0] == 200


async def test_a_change_touches_only_what_it_names(edge: Edge) -> None:
    _, added = await edge.as_admin("POST", "/api/profiles", NEW | {"api_key": SECRET})
    change = {"port": 9000, "starts_in_thinking": True, "deadlines": {"total": 60}}
    status, changed = await edge.as_admin("PATCH", "/api/profiles/1", change)
    assert status == 200
    assert changed == added | change | {"deadlines": added["deadlines"] | {"total": 60.0}}
    assert (await edge.repository.profile(1)).api_key == SECRET


async def test_null_takes_a_value_away(edge: Edge) -> None:
    await edge.as_admin(
        "POST", "/api/profiles", NEW | {"api_key": SECRET, "starts_in_thinking": True}
    )
    change = {"api_key": None, "starts_in_thinking": None, "reasoning_parser": None}
    _, changed = await edge.as_admin("PATCH", "/api/profiles/1", change)
    assert changed["has_api_key"] is False
    assert changed["starts_in_thinking"] is None
    assert changed["reasoning_parser"] is None


async def test_a_removed_profile_is_gone(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW)
    assert await edge.as_admin("DELETE", "/api/profiles/1") == (204, None)
    assert await edge.as_admin("GET", "/api/profiles") == (200, [])


async def test_a_profile_can_be_tried(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW)
    status, answer = await edge.as_admin("POST", "/api/profiles/1/test")
    assert (status, answer) == (200, {"ok": True, "models": [NEW["model_path"]]})


async def test_a_profile_that_is_not_there_is_not_found(edge: Edge) -> None:
    for method, path, body in (
        ("GET", "/api/profiles/7", None),
        ("PATCH", "/api/profiles/7", {"port": 1}),
        ("DELETE", "/api/profiles/7", None),
        ("POST", "/api/profiles/7/test", None),
    ):
        status, answer = await edge.as_admin(method, path, body)
        assert (status, answer["error"]["code"]) == (404, "profile_not_found")


async def test_a_taken_name_is_a_conflict(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW)
    assert (await edge.as_admin("POST", "/api/profiles", NEW))[0] == 409
    await edge.as_admin("POST", "/api/profiles", NEW | {"name": "other"})
    assert (await edge.as_admin("PATCH", "/api/profiles/2", {"name": "qwen"}))[0] == 409


BAD_VALUES = [
    ({"name": ""}, "name: Expected string of length >= 1."),
    ({"name": "a\nb"}, "name: It may hold printable characters only"),
    ({"scheme": "ftp"}, "scheme: It is not one of the values"),
    ({"host": "user@127.0.0.1"}, "host: It is not a host name"),
    ({"host": "ex\r\nample"}, "host: It is not a host name"),
    ({"host": "0x7f000001"}, "host: It is not a host name"),
    ({"host": "169.254.169.254"}, "host: No connection may go to this address"),
    ({"host": "fe80::1"}, "host: No connection may go to this address"),
    ({"host": "192.0.2.1"}, "host: No connection may go to this address"),
    ({"port": 0}, "port: Expected integer >= 1."),
    ({"port": 65536}, "port: Expected integer <= 65535."),
    ({"port": "80"}, "port: Expected integer, got string."),
    ({"port": True}, "port: Expected integer, got boolean."),
    ({"port": None}, "port: Expected integer, got null."),
    ({"base_path": "v1"}, "base_path: It must be a plain path"),
    ({"base_path": "/v1/"}, "base_path: It must be a plain path"),
    ({"base_path": "/v1/../admin"}, "base_path: It must be a plain path"),
    ({"base_path": "/v1?x=1"}, "base_path: It must be a plain path"),
    ({"base_path": "//evil.example"}, "base_path: It must be a plain path"),
    ({"model_path": ""}, "model_path: Expected string of length >= 1."),
    ({"api_key": "a\r\nX-Evil: 1"}, "api_key: It may hold printable characters only"),
    ({"model_type": "audio"}, "model_type: It is not one of the values"),
    ({"reasoning_parser": "no-such-parser"}, "reasoning_parser: "),
    ({"tool_parser": "no-such-parser"}, "tool_parser: "),
    ({"starts_in_thinking": "yes"}, "starts_in_thinking: Expected boolean or null"),
    ({"deadlines": {"total": 0}}, "deadlines.total: Expected number > 0.0."),
    ({"deadlines": {"total": -1}}, "deadlines.total: Expected number > 0.0."),
    ({"deadlines": {"total": 1e9}}, "deadlines.total: Expected number <= 86400.0."),
    ({"deadlines": {"forever": 1}}, "deadlines.forever: There is no such field."),
    ({"max_streams": -1}, "max_streams: Expected integer >= 0."),
    ({"id": 9}, "id: There is no such field."),
    ({"status": "up"}, "status: There is no such field."),
    ({"api_base": "http://127.0.0.1"}, "api_base: There is no such field."),
]


@pytest.mark.parametrize(("values", "complaint"), BAD_VALUES)
async def test_a_bad_value_is_named_and_changes_nothing(
    edge: Edge, values: dict[str, object], complaint: str
) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW | {"name": "first"})
    before = await edge.repository.profiles()
    for method, path, body in (
        ("POST", "/api/profiles", NEW | values),
        ("PATCH", "/api/profiles/1", values),
    ):
        status, answer = await edge.as_admin(method, path, body)
        assert (status, answer["error"]["code"]) == (422, "invalid_request"), method
        assert answer["error"]["message"].startswith(complaint), method
    assert await edge.repository.profiles() == before


@pytest.mark.parametrize("field", ["name", "host", "port", "model_path"])
async def test_what_a_profile_cannot_be_without_is_required(edge: Edge, field: str) -> None:
    body = {name: value for name, value in NEW.items() if name != field}
    status, answer = await edge.as_admin("POST", "/api/profiles", body)
    assert status == 422
    assert answer["error"]["message"] == f"{field}: It is required."


async def test_a_change_of_nothing_is_refused(edge: Edge) -> None:
    await edge.as_admin("POST", "/api/profiles", NEW)
    status, answer = await edge.as_admin("PATCH", "/api/profiles/1", {})
    assert (status, answer["error"]["message"]) == (422, "Name at least one field to change.")


async def test_a_server_that_is_down_shows_why_and_when_it_is_tried_again(edge: Edge) -> None:
    retry_at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    edge.set(REACHABILITY, lambda _id: Reachability("down", "refused", retry_at))
    await edge.as_admin("POST", "/api/profiles", NEW)
    _, (profile,) = await edge.as_plain_user("GET", "/api/profiles")
    assert profile["status"] == "down"
    assert profile["cause"] == "refused"
    assert profile["retry_at"] == "2026-01-02T03:04:05Z"


async def test_a_public_address_can_be_saved_when_it_is_listed(edge: Edge) -> None:
    edge.set(ADDRESS_POLICY, AddressPolicy(["192.0.2.0/24"]))
    assert (await edge.as_admin("POST", "/api/profiles", NEW | {"host": "192.0.2.1"}))[0] == 201
    await edge.as_admin("PATCH", "/api/profiles/1", {"host": "127.0.0.1"})
    edge.set(ADDRESS_POLICY, AddressPolicy())
    assert (await edge.as_admin("PATCH", "/api/profiles/1", {"port": 9}))[0] == 200
