"""Columns and JSON on stdout."""

import pytest

from mlx_relay.cli.output import print_columns, print_json


def test_columns_are_as_wide_as_their_widest_cell(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns([("ID", "NAME"), (1, "ada"), (100, "b")])
    assert capsys.readouterr().out == "ID   NAME\n1    ada\n100  b\n"


def test_a_cell_cannot_command_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_columns([("NAME",), ("a\x1b[2J\nb",)])
    assert capsys.readouterr().out == "NAME\na[2J b\n"


def test_json_is_one_line_of_utf_8(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"name": "café"})
    assert capsys.readouterr().out == '{"name":"café"}\n'
