"""The parent: what keeps it from starting; the rest is in tests/integration/test_workers.py."""

import socket
from pathlib import Path

import pytest

from mlx_relay.config import load_settings
from mlx_relay.errors import CannotListen, ConfigurationError
from mlx_relay.workers.parent import serve_with_workers


async def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        settings = load_settings(data_dir=tmp_path, port=port, workers=2)
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} is in use"):
            await serve_with_workers(settings, on_ready=lambda _url: None)


async def test_a_data_directory_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "workers").touch()
    settings = load_settings(data_dir=tmp_path, port=0, workers=2)
    with pytest.raises(ConfigurationError, match="workers"):
        await serve_with_workers(settings, on_ready=lambda _url: None)
