"""Where profiles may lead, through the real relay: no request makes it connect elsewhere."""

import json

import pytest

from support.processes import run
from support.relay import RelayService, command

LISTED = "MLX_RELAY_ALLOWED_PUBLIC_UPSTREAMS"
DENIED = ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "fe80::1", "0.0.0.0", "192.0.2.1"]


@pytest.mark.parametrize("host", DENIED)
async def test_a_profile_with_a_denied_address_is_not_saved(relay: RelayService, host: str) -> None:
    fields = {"name": f"denied {host}", "host": host, "port": 80, "model_path": "m"}
    async with (
        relay.session() as session,
        session.post("/api/profiles", json=fields) as answer,
    ):
        assert answer.status == 422
        assert (await answer.json())["error"]["message"].startswith("host: No connection may go")


@pytest.mark.parametrize(("name", "host"), [("literal", "192.0.2.1"), ("in-ipv6", "::c000:201")])
async def test_an_address_that_got_in_is_denied_where_the_connection_begins(
    relay: RelayService, name: str, host: str
) -> None:
    """Another process listed it once: what is saved is not what counts."""
    env = {"MLX_RELAY_DATA_DIR": str(relay.data_dir), LISTED: "192.0.2.0/24"}
    arguments = ("--host", host, "--port", "80", "--model-path", "m", "--json")
    profile_id = json.loads(command(env, "profile", "add", name, *arguments))["id"]
    async with relay.session() as session:
        last = (await relay.chat(session, profile_id))[-1]
        assert (last["code"], last["detail"]) == ("upstream_unreachable", "address_denied")
        async with session.post(f"/api/profiles/{profile_id}/test") as answer:
            assert (await answer.json())["code"] == "upstream_unreachable"
        async with session.get(f"/api/profiles/{profile_id}") as answer:
            shown = await answer.json()
    assert (shown["status"], shown["cause"]) == ("down", "address_denied")


async def test_this_machine_may_be_reached_by_its_name(relay: RelayService) -> None:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name="by name", host="localhost", port=1, model_path="m"
        )
        last = (await relay.chat(session, profile_id))[-1]
    assert last["detail"] == "refused"


def test_a_list_that_cannot_be_read_keeps_the_relay_from_starting(relay: RelayService) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(relay.data_dir), LISTED: "http://mlx.example"}
    done = run("mlx_relay", "serve", "--port", "0", env=env)
    assert done.returncode == 78
    assert "allowed_public_upstreams: 'http://mlx.example' is neither" in done.stderr
