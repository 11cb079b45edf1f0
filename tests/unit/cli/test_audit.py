"""The audit log on the command line: what commands changed, and by whom."""

import json

from unit.cli.conftest import Command

PASSWORD = "correct horse\n"


def prepare(command: Command) -> None:
    command("user", "add", "ada", "--admin", "--password-stdin", stdin=PASSWORD)
    command("user", "add", "bob", "--password-stdin", stdin=PASSWORD)
    command("user", "disable", "bob")
    command("user", "password", "bob", "--password-stdin", stdin="another horse")
    command("profile", "add", "qwen", "--host=127.0.0.1", "--port=1", "--model-path=m")


def test_what_commands_change_is_there_oldest_first(command: Command) -> None:
    prepare(command)
    entries = [json.loads(line) for line in command("audit", "--json").out.splitlines()]
    assert [(entry["action"], entry["target"]) for entry in entries] == [
        ("user.add", "ada"),
        ("user.add", "bob"),
        ("user.change", "bob"),
        ("user.change", "bob"),
        ("profile.add", "qwen"),
    ]
    assert [entry["details"] for entry in entries[2:4]] == [
        {"disabled": True},
        {"password": "(hidden)"},
    ]
    assert {(entry["via"], entry["address"]) for entry in entries} == {("cli", None)}
    assert entries[0]["actor"]


def test_the_table_is_for_people(command: Command) -> None:
    prepare(command)
    lines = command("audit", "--last", "3").out.splitlines()
    assert lines[0].split() == ["WHEN", "WHO", "VIA", "ADDRESS", "WHAT", "TARGET", "DETAILS"]
    assert len(lines) == 4
    assert "  cli  -  " in lines[1]
    assert lines[1].endswith("user.change  bob (2)   disabled=true")


def test_an_empty_log_has_only_its_headings(command: Command) -> None:
    assert len(command("audit").out.splitlines()) == 1
    assert command("audit", "--json").out == ""
