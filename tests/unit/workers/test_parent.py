"""The parent: what keeps it from starting; the rest is in tests/integration/test_workers.py."""

import socket
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from mlx_relay.config import load_settings
from mlx_relay.errors import CannotListen, ConfigurationError
from mlx_relay.workers.parent import serve_with_workers


async def test_a_busy_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        settings = load_settings(data_dir=tmp_path, port=port, workers=2)
        with pytest.raises(CannotListen, match=f"127.0.0.1:{port} is in use"):
            await serve_with_workers(settings, on_ready=lambda _url: None)


@pytest.mark.parametrize("redis_url", [None, "redis://127.0.0.1:1"])
async def test_several_workers_without_redis_say_that_streams_are_not_resumable(
    tmp_path: Path, redis_url: str | None
) -> None:
    (tmp_path / "workers").touch()
    settings = load_settings(data_dir=tmp_path, port=0, workers=2, redis_url=redis_url)
    with capture_logs() as logs, pytest.raises(ConfigurationError):
        await serve_with_workers(settings, on_ready=lambda _url: None)
    said = [entry["event"] for entry in logs]
    assert said == ([] if redis_url else ["streams_are_not_resumable"])


async def test_a_data_directory_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "workers").touch()
    settings = load_settings(data_dir=tmp_path, port=0, workers=2)
    with pytest.raises(ConfigurationError, match="workers"):
        await serve_with_workers(settings, on_ready=lambda _url: None)
