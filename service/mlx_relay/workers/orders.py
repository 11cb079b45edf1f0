"""What a worker needs to know to begin: the first line that comes through its door."""

import socket
from pathlib import Path
from typing import Any

import msgspec

from mlx_relay.config import Settings


class Orders(msgspec.Struct, frozen=True):
    """*settings* are the parent's, as JSON has them: all workers of a service have the same."""

    number: int
    places: Path
    throttle: Path
    settings: dict[str, Any]

    @property
    def loaded_settings(self) -> Settings:
        return Settings(**self.settings)


def write_orders(orders: Orders) -> bytes:
    return msgspec.json.encode(orders, enc_hook=str) + b"\n"


def read_orders(door: socket.socket) -> Orders:
    """Wait for the line; nothing follows it before the worker says that it is ready."""
    line = b""
    while not line.endswith(b"\n"):
        if not (data := door.recv(65_536)):
            raise EOFError("the parent is gone")
        line += data
    return msgspec.json.decode(line, type=Orders, dec_hook=_to_path)


def _to_path(kind: type, value: str) -> Path:
    del kind
    return Path(value)
