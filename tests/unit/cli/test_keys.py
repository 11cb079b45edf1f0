"""API keys on the command line."""

import json

import pytest

from mlx_relay.auth.api_keys import has_shape_of_api_key
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
