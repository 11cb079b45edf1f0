"""The command as a whole: quick to start, and quiet and exact when something is wrong."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlx_relay import __version__
from mlx_relay.cli import COMMANDS
from unit.cli.conftest import Command, assert_one_line


def test_help_names_every_command(command: Command) -> None:
    ran = command("--help")
    assert ran.code == 0
    for name, (_, help_text) in COMMANDS.items():
        assert f"  {name}" in ran.out
        assert help_text in ran.out


def test_it_says_its_version(command: Command) -> None:
    ran = command("--version")
    assert (ran.code, ran.out) == (0, f"mlx-relay {__version__}\n")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_of_its_own(command: Command, name: str) -> None:
    ran = command(name, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: mlx-relay {name}")


def test_help_and_parse_load_neither_the_web_server_nor_the_database() -> None:
    program = (
        "import sys, mlx_relay.cli, mlx_relay.cli.parse;"
        "sys.exit(' '.join({'aiohttp', 'sqlalchemy', 'pydantic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stderr.decode().strip() == ""


def test_an_unknown_command_is_wrong_usage_and_gets_a_hint(command: Command) -> None:
    ran = command("sreve")
    assert ran.code == 2
    assert "Did you mean 'serve'?" in ran.err


def test_a_data_directory_that_is_a_file_is_one_line(command: Command, data_dir: Path) -> None:
    data_dir.write_text("")
    ran = command("user", "list")
    assert ran.code == 78
    assert_one_line(ran, f"data directory {data_dir}")


def test_an_unknown_key_of_the_configuration_is_one_line(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "relay.toml"
    config.write_text("prot = 1\n")
    ran = command("user", "list", "--config", str(config))
    assert ran.code == 78
    assert_one_line(ran, str(config), "prot is not a setting")


def test_an_unknown_name_in_the_environment_is_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_PROT", "1")
    ran = command("user", "list")
    assert ran.code == 78
    assert_one_line(ran, "MLX_RELAY_PROT")


def test_a_configuration_that_is_not_there_is_one_line(command: Command, tmp_path: Path) -> None:
    ran = command("serve", "--config", str(tmp_path / "none.toml"))
    assert ran.code == 78
    assert_one_line(ran, "none.toml")


def test_a_database_that_is_none_is_one_line(command: Command, data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "relay.db").write_bytes(b"no database" * 100)
    ran = command("user", "list")
    assert ran.code == 78
    assert_one_line(ran, "relay.db")


def test_a_reader_that_leaves_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "mlx_relay", "--help"],
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writing)
    assert done.stderr == b""
