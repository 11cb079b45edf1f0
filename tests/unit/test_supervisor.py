"""systemd hears that we are ready and alive; nobody else is told anything."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from mlx_relay.supervisor import Supervisor
from support.processes import running


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(30)
        yield listener, address


async def test_it_hears_that_we_are_ready_and_again_and_again_that_we_live(
    listening: tuple[socket.socket, str],
) -> None:
    listener, address = listening
    Supervisor(address, 0.01).ready()
    words = [await asyncio.to_thread(listener.recv, 100) for _ in range(4)]
    assert words == [b"READY=1", *[b"WATCHDOG=1"] * 3]


async def test_without_a_watchdog_it_hears_once(listening: tuple[socket.socket, str]) -> None:
    listener, address = listening
    Supervisor(address, None).ready()
    assert listener.recv(100) == b"READY=1"
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.recv(100)


@pytest.mark.parametrize("address", [None, "/nowhere/notify", "@nobody-listens-here"])
async def test_where_nobody_listens_nothing_happens(address: str | None) -> None:
    Supervisor(address, 3600).ready()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_the_service_says_so_when_it_serves(
    tmp_path: Path, listening: tuple[socket.socket, str], workers: str
) -> None:
    listener, address = listening
    env = {
        "MLX_RELAY_DATA_DIR": str(tmp_path / "data"),
        "NOTIFY_SOCKET": address,
        "WATCHDOG_USEC": "30000000",
    }
    arguments = ("serve", "--port", "0", "--workers", workers)
    with running("mlx_relay", *arguments, env=env) as service:
        assert listener.recv(100) == b"READY=1"
        assert listener.recv(100) == b"WATCHDOG=1"
        assert service.stop() == 0
