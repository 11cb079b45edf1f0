"""What a worker is told arrives whole, however it is cut."""

import socket
from pathlib import Path

import pytest

from mlx_relay.config import load_settings
from mlx_relay.workers.orders import Orders, read_orders, write_orders


def test_a_worker_gets_the_settings_of_its_parent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "relay.toml"
    file.write_text('public_url = "https://relay.example"\n[sink.log]\ncontent = "text"\n')
    monkeypatch.setenv("MLX_RELAY_SINK__LOG__KEEP", "7")
    settings = load_settings(file, data_dir=tmp_path, port=0, workers=2)
    orders = Orders(1, tmp_path / "places", tmp_path / "throttle", settings.model_dump(mode="json"))
    mine, theirs = socket.socketpair()
    with mine, theirs:
        line = write_orders(orders)
        for start in range(0, len(line), 100):
            mine.send(line[start : start + 100])
        got = read_orders(theirs)
    assert got == orders
    assert got.loaded_settings.model_dump() == settings.model_dump()


def test_a_parent_that_is_gone_is_no_orders() -> None:
    mine, theirs = socket.socketpair()
    mine.close()
    with theirs, pytest.raises(EOFError):
        read_orders(theirs)
