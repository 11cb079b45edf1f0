"""Profiles on the command line: round trips through the database, and each refusal in one line."""

import json
from typing import Any

import pytest

from unit.cli.conftest import Command, Ran, assert_one_line

SERVER = ("--host", "127.0.0.1", "--port", "8000", "--model-path", "m")


def add(command: Command, *options: str, name: str = "qwen", stdin: str = "") -> Ran:
    return command("profile", "add", name, *SERVER, *options, stdin=stdin)


def profile(command: Command) -> dict[str, Any]:
    listed: list[dict[str, Any]] = json.loads(command("profile", "list", "--json").out)
    assert len(listed) == 1
    return listed[0]


def test_a_profile_that_is_added_is_printed_as_json_with_its_id(command: Command) -> None:
    added = json.loads(add(command, "--json").out)
    assert added == profile(command)
    assert (added["id"], added["name"], added["reasoning_parser"]) == (1, "qwen", "auto")
    assert (added["tool_parser"], added["starts_in_thinking"]) == (None, None)


def test_every_option_is_stored(command: Command) -> None:
    options = (
        *("--scheme", "https", "--base-path", "/api/v1", "--reasoning-parser", "none"),
        *("--tool-parser", "hermes", "--starts-in-thinking", "--model-type", "multimodal"),
    )
    assert add(command, *options).out == "added profile qwen (id 1)\n"
    stored = profile(command)
    assert (stored["scheme"], stored["base_path"]) == ("https", "/api/v1")
    assert (stored["reasoning_parser"], stored["tool_parser"]) == (None, "hermes")
    assert (stored["starts_in_thinking"], stored["model_type"]) == (True, "multimodal")


def test_the_key_of_a_server_goes_in_and_never_out(command: Command) -> None:
    add(command, "--api-key-stdin", stdin="s3cret\n")
    assert profile(command)["has_api_key"] is True
    assert "s3cret" not in command("profile", "list", "--json").out
    command("profile", "set", "qwen", "--api-key-stdin", stdin="")
    assert profile(command)["has_api_key"] is False


def test_a_change_leaves_the_rest_alone(command: Command) -> None:
    add(command, "--no-starts-in-thinking")
    ran = command("profile", "set", "qwen", "--name", "q", "--port", "9", "--tool-parser", "none")
    assert ran.out == "changed profile q\n"
    stored = profile(command)
    assert (stored["name"], stored["port"], stored["host"]) == ("q", 9, "127.0.0.1")
    assert stored["starts_in_thinking"] is False


def test_a_profile_can_be_disabled_enabled_and_removed(command: Command) -> None:
    add(command)
    assert command("profile", "disable", "qwen").out == "disabled qwen\n"
    assert profile(command)["enabled"] is False
    assert command("profile", "disable", "qwen", "--enable").out == "enabled qwen\n"
    assert command("profile", "list").out.split("\n")[1].split() == [
        *("1", "qwen", "http://127.0.0.1:8000/v1", "m", "enabled")
    ]
    assert command("profile", "remove", "qwen").code == 0
    assert command("profile", "list", "--json").out == "[]\n"


def test_a_name_that_is_taken_is_named(command: Command) -> None:
    add(command)
    add(command, name="other")
    for ran in (add(command), command("profile", "set", "other", "--name", "qwen")):
        assert ran.code == 1
        assert_one_line(ran, "'qwen' already")


@pytest.mark.parametrize(
    "arguments", [("set", "x", "--port", "1"), ("disable", "x"), ("remove", "x")]
)
def test_a_profile_that_is_not_there_is_named(command: Command, arguments: tuple[str, ...]) -> None:
    ran = command("profile", *arguments)
    assert ran.code == 1
    assert_one_line(ran, "no profile named 'x'")


@pytest.mark.parametrize(
    ("option", "value", "field"),
    [
        ("--port", "0", "port"),
        ("--port", "70000", "port"),
        ("--host", "http://mac", "host"),
        ("--host", "", "host"),
        ("--host", "169.254.169.254", "host"),
        ("--host", "192.0.2.1", "host"),
        ("--model-path", "", "model_path"),
        ("--base-path", "v1/", "base_path"),
        ("--reasoning-parser", "qwne3", "reasoning_parser"),
        ("--tool-parser", "qwne3", "tool_parser"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    command: Command, option: str, value: str, field: str
) -> None:
    ran = add(command, option, value)
    assert ran.code == 2
    assert_one_line(ran, f"{field}: ")
    assert command("profile", "list", "--json").out == "[]\n"


def test_a_change_to_a_denied_address_is_refused(command: Command) -> None:
    add(command)
    ran = command("profile", "set", "qwen", "--host", "192.0.2.1")
    assert ran.code == 2
    assert_one_line(ran, "host: ")


def test_a_public_address_that_is_listed_may_be_used(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_ALLOWED_PUBLIC_UPSTREAMS", "198.51.100.0/24, 192.0.2.1")
    assert add(command, "--host", "192.0.2.1").code == 0


def test_an_unknown_parser_gets_the_nearest_names(command: Command) -> None:
    assert_one_line(add(command, "--reasoning-parser", "qwne3"), "did you mean qwen3")


def test_a_change_of_nothing_is_refused(command: Command) -> None:
    add(command)
    ran = command("profile", "set", "qwen")
    assert ran.code == 2
    assert_one_line(ran)


@pytest.mark.parametrize(("option", "value"), [("--port", "x"), ("--scheme", "ftp")])
def test_a_value_of_the_wrong_kind_is_wrong_usage(
    command: Command, option: str, value: str
) -> None:
    ran = add(command, option, value)
    assert ran.code == 2
    assert option in ran.err
    assert "Traceback" not in ran.err


def test_a_profile_needs_its_server(command: Command) -> None:
    ran = command("profile", "add", "qwen", "--port", "1", "--model-path", "m")
    assert ran.code == 2
    assert "--host" in ran.err
