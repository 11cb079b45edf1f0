"""Commands in; the servers that they are, until the block ends, out."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0


class Server:
    """A process that listens on *port*; ends with *stop*."""

    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self._process = process
        self.pid = process.pid
        self.port = port

    def stop(self) -> None:
        end(self._process)


def end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def serving(module: str, *arguments: str, log: Path, env: dict[str, str]) -> Iterator[Server]:
    """Run ``python -m module serve`` on a free port; what it says goes to *log*."""
    command = (sys.executable, "-m", module, "serve", "--port", "0", *arguments)
    with log.open("wb") as output:
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT)
    server = Server(process, 0)
    try:
        server.port = _port(process, log)
        yield server
    finally:
        server.stop()


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        for line in log.read_text().splitlines(keepends=True):
            if line.startswith("listening on ") and line.endswith("\n"):
                return int(line.rpartition(":")[2])
        time.sleep(0.05)
    raise SystemExit(f"did not start: {log.read_text()}")


@contextmanager
def listening(command: list[str], port: int, log: Path) -> Iterator[Server]:
    """Run *command*, which listens on *port*; what it says goes to *log*."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    server = Server(process, port)
    try:
        _wait_for(port, log)
        yield server
    finally:
        server.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _wait_for(port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise SystemExit(f"did not start: {log.read_text()}")
