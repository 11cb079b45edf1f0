"""A real Redis as a process of its own, on a Unix socket, that a test can kill and start again."""

import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.05


class RedisServer:
    """Keeps what it was given on its disk, in *folder*."""

    def __init__(self, command: str, folder: Path) -> None:
        self._command = command
        self._folder = folder
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.url = f"unix://{folder}/s"

    def start(self) -> None:
        """Return when it takes connections."""
        options = {"port": "0", "unixsocket": f"{self._folder}/s", "dir": str(self._folder)}
        # What was written outlives the process, which is all that a test ends: no waits for a disk.
        options |= {"appendonly": "yes", "appendfsync": "no", "save": ""}
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        process = subprocess.Popen([self._command, *arguments], stdout=subprocess.PIPE, text=True)
        self._process = process
        assert process.stdout is not None
        for line in process.stdout:
            if "Ready to accept connections" in line or "ready to accept connections" in line:
                self._reader = threading.Thread(target=process.stdout.read)
                self._reader.start()
                return
        raise AssertionError("Redis ended before it was ready")

    def kill(self) -> None:
        """End it as ``kill -9`` does."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait(PATIENCE_SECONDS)
            if self._reader is not None:
                self._reader.join()
            if process.stdout is not None:
                process.stdout.close()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep it from answering, connections and all, until the block ends."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def clear(self) -> None:
        """Take away all that it was given."""
        with Redis.from_url(self.url) as redis:
            redis.flushall()

    def keys(self, pattern: str) -> list[str]:
        with Redis.from_url(self.url, decode_responses=True) as redis:
            return sorted(cast("list[str]", redis.keys(pattern)))

    def has(self, key: str) -> bool:
        return bool(self.keys(key))

    def forget(self) -> None:
        """Lose all that was kept; Redis must not run."""
        shutil.rmtree(self._folder / "appendonlydir")

    def entries(self, key: str) -> list[dict[str, str]]:
        """Return what is on the stream *key*, the oldest first."""
        with Redis.from_url(self.url, decode_responses=True) as redis:
            found = cast("list[tuple[str, dict[str, Any]]]", redis.xrange(key))
            return [fields for _, fields in found]

    def wait_for(self, key: str, stream_id: str) -> list[dict[str, str]]:
        """Return the entries as soon as that of *stream_id* is there."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                entries = self.entries(key)
            except RedisAway:
                entries = []
            if any(entry["id"] == stream_id for entry in entries):
                return entries
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"Redis has no entry of {stream_id}")


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """Run Redis, or skip: it comes with Debian's package ``redis-server``."""
    command = shutil.which("redis-server")
    if command is None:
        pytest.skip("redis-server is not installed (Debian package redis-server)")
    # A socket's path is at most 104 bytes long: pytest's own folders are too deep for it.
    with tempfile.TemporaryDirectory(prefix="redis-") as folder:
        server = RedisServer(command, Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.kill()
