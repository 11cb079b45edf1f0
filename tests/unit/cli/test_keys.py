"""API keys on the command line."""

import json
from datetime import UTC, datetime

import pytest

from mlx_relay.auth.api_keys import has_shape_of_api_key
from mlx_relay.grants import SCOPES
from unit.cli.conftest import Command, assert_one_line


@pytest.fixture(autouse=True)
def _ada(command: Command) -> None:
    command("user", "add", "ada", "--password-stdin", stdin="correct horse")


def test_the_secret_is_all_that_stdout_gets(command: Command) -> None:
    ran = command("key", "add", "ada", "laptop")
    assert ran.code == 0
    assert has_shape_of_api_key(ran.out.removesuffix("\n"))
    assert "not shown again" in ran.err


def test_a_key_as_json_has_its_id_and_its_secret(command: Command) -> None:
    added = json.loads(command("key", "add", "ada", "laptop", "--json").out)
    assert (added["id"], added["name"]) == (1, "laptop")
    assert added["secret"].startswith(added["prefix"])


def test_a_list_shows_keys_without_their_secrets(command: Command) -> None:
    secret = command("key", "add", "ada", "laptop").out.strip()
    listed = command("key", "list", "ada", "--json").out
    assert [key["name"] for key in json.loads(listed)] == ["laptop"]
    for out in (listed, command("key", "list", "ada").out):
        assert "laptop" in out
        assert secret not in out


def test_a_list_shows_what_a_key_may_do_and_until_when(command: Command) -> None:
    scopes = ("--scope", "read", "--scope", "chat")
    command("key", "add", "ada", "small", *scopes, "--expires-in", "30d")
    command("key", "add", "ada", "whole")
    small, whole = json.loads(command("key", "list", "ada", "--json").out)
    assert (small["scopes"], whole["scopes"]) == (["chat", "read"], list(SCOPES))
    days = (datetime.fromisoformat(small["expires_at"]) - datetime.now(UTC)).total_seconds() / 86400
    assert 29.9 < days <= 30
    headings, first, second = command("key", "list", "ada").out.splitlines()
    assert headings.split("  ")[-1] == "LAST USED"
    assert first.split()[3:6] == ["chat,read", f"{small['expires_at'][:16]}Z", "never"]
    assert second.split()[3:6] == ["chat,read,account,admin", "never", "never"]


@pytest.mark.parametrize("option", ["--expires-in=soon", "--expires-in=-1d", "--scope=root"])
def test_a_wrong_option_makes_no_key(command: Command, option: str) -> None:
    assert command("key", "add", "ada", "laptop", option).code == 2
    assert json.loads(command("key", "list", "ada", "--json").out) == []


def test_a_key_can_be_removed_once(command: Command) -> None:
    command("key", "add", "ada", "laptop")
    assert command("key", "remove", "1").code == 0
    assert json.loads(command("key", "list", "ada", "--json").out) == []
    ran = command("key", "remove", "1")
    assert ran.code == 1
    assert_one_line(ran, "no key 1")


@pytest.mark.parametrize("arguments", [("add", "eve", "laptop"), ("list", "eve")])
def test_a_user_that_is_not_there_is_named(command: Command, arguments: tuple[str, ...]) -> None:
    ran = command("key", *arguments)
    assert ran.code == 1
    assert_one_line(ran, "'eve'")


def test_a_key_needs_a_name(command: Command) -> None:
    ran = command("key", "add", "ada", "")
    assert ran.code == 2
    assert_one_line(ran, "name: ")
