"""Users on the command line: round trips through the database, and each refusal in one line."""

import json

import pytest

from unit.cli.conftest import Command, Ran, assert_one_line

PASSWORD = "correct horse\n"


def add(command: Command, name: str, *options: str, password: str = PASSWORD) -> Ran:
    return command("user", "add", name, "--password-stdin", *options, stdin=password)


def users(command: Command) -> list[tuple[str, str, bool]]:
    listed = json.loads(command("user", "list", "--json").out)
    return [(user["name"], user["role"], user["disabled"]) for user in listed]


def test_a_user_that_is_added_is_printed_as_json_with_its_id(command: Command) -> None:
    added = json.loads(add(command, "ada", "--admin", "--json").out)
    assert (added["id"], added["name"], added["role"]) == (1, "ada", "admin")
    assert not {"password", "password_hash"} & set(added)
    assert users(command) == [("ada", "admin", False)]


def test_without_json_lines_for_people_are_printed(command: Command) -> None:
    assert add(command, "ada").out == "added user ada (id 1)\n"
    assert command("user", "list").out.split("\n")[1].split() == ["1", "ada", "user", "enabled"]


def test_an_empty_list_has_only_its_headings(command: Command) -> None:
    assert command("user", "list").out == "ID  NAME  ROLE  STATE\n"


def test_a_user_can_be_renamed_and_given_a_role(command: Command) -> None:
    add(command, "ada")
    assert command("user", "set", "ada", "--name", "eve", "--role", "admin").code == 0
    assert users(command) == [("eve", "admin", False)]


def test_a_user_can_be_disabled_and_enabled(command: Command) -> None:
    add(command, "ada")
    assert command("user", "disable", "ada").out == "disabled ada\n"
    assert users(command) == [("ada", "user", True)]
    assert command("user", "disable", "ada", "--enable").out == "enabled ada\n"
    assert users(command) == [("ada", "user", False)]


def test_a_password_can_be_changed(command: Command) -> None:
    add(command, "ada")
    ran = command("user", "password", "ada", "--password-stdin", stdin="another horse")
    assert (ran.code, ran.out) == (0, "changed the password of ada\n")


def test_a_user_is_removed_when_yes_was_said(command: Command) -> None:
    add(command, "ada")
    refused = command("user", "remove", "ada")
    assert refused.code == 2
    assert_one_line(refused, "--yes")
    assert command("user", "remove", "ada", "--yes").code == 0
    assert users(command) == []


def test_a_name_that_is_taken_is_named(command: Command) -> None:
    add(command, "ada")
    add(command, "eve")
    for ran in (add(command, "ada"), command("user", "set", "eve", "--name", "ada")):
        assert ran.code == 1
        assert_one_line(ran, "'ada' already")


def test_the_last_admin_stays(command: Command) -> None:
    add(command, "ada", "--admin")
    for arguments in (
        ("remove", "ada", "--yes"),
        ("disable", "ada"),
        ("set", "ada", "--role=user"),
    ):
        ran = command("user", *arguments)
        assert ran.code == 1
        assert_one_line(ran, "last admin")


@pytest.mark.parametrize(
    "arguments",
    [
        ("set", "eve", "--role", "admin"),
        ("password", "eve", "--password-stdin"),
        ("disable", "eve"),
        ("remove", "eve", "--yes"),
    ],
)
def test_a_user_that_is_not_there_is_named(command: Command, arguments: tuple[str, ...]) -> None:
    ran = command("user", *arguments, stdin=PASSWORD)
    assert ran.code == 1
    assert_one_line(ran, "no user named 'eve'")


@pytest.mark.parametrize(
    ("name", "password", "field"),
    [
        ("ada", "short\n", "password"),
        ("ada", "", "password"),
        ("ada", "x" * 2000, "password"),
        ("", PASSWORD, "name"),
        (" ada", PASSWORD, "name"),
        ("a\nda", PASSWORD, "name"),
        ("a" * 65, PASSWORD, "name"),
    ],
)
def test_a_bad_field_is_named_and_nothing_is_stored(
    command: Command, name: str, password: str, field: str
) -> None:
    ran = add(command, name, password=password)
    assert ran.code == 2
    assert_one_line(ran, f"{field}: ")
    assert users(command) == []


def test_a_new_password_must_be_as_good_as_the_first(command: Command) -> None:
    add(command, "ada")
    ran = command("user", "password", "ada", "--password-stdin", stdin="short")
    assert ran.code == 2
    assert_one_line(ran, "password: ")


def test_a_change_of_nothing_is_refused(command: Command) -> None:
    add(command, "ada")
    ran = command("user", "set", "ada")
    assert ran.code == 2
    assert_one_line(ran)


def test_an_unknown_role_is_wrong_usage(command: Command) -> None:
    ran = command("user", "set", "ada", "--role", "god")
    assert ran.code == 2
    assert "--role" in ran.err
