"""The demo keeps to itself. What it does as a whole is tested in ``integration/test_demo.py``."""

from pathlib import Path

import pytest

from mlx_relay.cli.demo import _check_alive, _settings
from mlx_relay.cli.demo_fake import Fake
from mlx_relay.cli.failures import CommandFailed
from unit.cli.conftest import Command, assert_one_line


def test_it_never_touches_the_users_own_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_DATABASE_URL", "sqlite+aiosqlite:////nowhere/own.db")
    monkeypatch.setenv("MLX_RELAY_DATA_DIR", "/nowhere")
    monkeypatch.setenv("MLX_RELAY_HOST", "0.0.0.0")
    settings = _settings(tmp_path, None)
    assert settings.effective_database_url == f"sqlite+aiosqlite:///{tmp_path / 'relay.db'}"
    assert (settings.data_dir, settings.host) == (tmp_path, "127.0.0.1")


def test_a_port_can_be_chosen(tmp_path: Path) -> None:
    assert _settings(tmp_path, 1234).port == 1234


async def test_the_death_of_the_fake_server_is_a_failure() -> None:
    fake = Fake(on_death=lambda: None)
    _check_alive(fake)
    fake.listens.set_result(None)
    fake.connection_lost(None)
    with pytest.raises(CommandFailed, match="ended by itself"):
        _check_alive(fake)


def test_a_port_out_of_range_is_wrong_usage(command: Command) -> None:
    assert command("demo", "--port", "-1").code == 2


def test_a_wrong_name_in_the_environment_is_one_line(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLX_RELAY_PROT", "1")
    ran = command("demo")
    assert ran.code == 78
    assert_one_line(ran, "MLX_RELAY_PROT")
