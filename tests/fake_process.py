"""The real ``fake-mlx serve`` in a process of its own, and bare sockets to talk to it."""

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 30.0


class FakeProcess:
    """A running fake; every call is one connection of its own."""

    def __init__(self, url: str) -> None:
        self.url = url
        host, _, port = url.removeprefix("http://").rpartition(":")
        self.address = (host, int(port))

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=PATIENCE)

    def exchange(self, request: bytes) -> bytes:
        """Return every byte that comes back for *request* until the fake closes."""
        with self.connect() as connection:
            connection.sendall(request)
            return read_all(connection)

    def chat(self, body: object, path: str = "/v1/chat/completions") -> bytes:
        return self.exchange(post(body, path))

    def get(self, path: str, method: str = "GET") -> Any:
        """Return the JSON of one of the fake's own answers."""
        request = f"{method} {path} HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n"
        return json.loads(self.exchange(request.encode()).partition(b"\r\n\r\n")[2])

    def journal(self, *, stamps: bool = False) -> Any:
        return self.get("/_fake/journal" + ("?stamps=1" if stamps else ""))

    def settled_journal(self) -> Any:
        """Return the journal with stamps once no replay is under way."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            entries = self.journal(stamps=True)
            if entries and all(entry["state"] != "streaming" for entry in entries):
                return entries
        raise AssertionError("a replay does not end")


def post(
    body: object, path: str = "/v1/chat/completions", version: str = "1.1", headers: str = ""
) -> bytes:
    """Return the bytes of a request with the JSON *body*."""
    data = json.dumps(body).encode()
    head = f"POST {path} HTTP/{version}\r\nHost: fake\r\nContent-Length: {len(data)}\r\n{headers}"
    return head.encode() + b"\r\n" + data


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def running_fake(*arguments: str | Path, command: str = "serve") -> Iterator[FakeProcess]:
    """Run ``fake-mlx serve``, or another *command* that listens, on a free port.

    It must end in peace.
    """
    words = [sys.executable, "-m", "fake_mlx", command, "--port", "0", *map(str, arguments)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        try:
            assert line.startswith("listening on ")
            yield FakeProcess(line.removeprefix("listening on ").strip())
        finally:
            process.terminate()
            code = process.wait(PATIENCE)
        assert code == 0


def run(*arguments: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a ``fake-mlx`` command to its end."""
    command = [sys.executable, "-m", "fake_mlx", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def one_line(text: str) -> bool:
    return text.count("\n") == 1 and "Traceback" not in text
