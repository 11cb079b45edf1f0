"""Starts the real commands as processes of their own, waits for what they print, ends them."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

START_SECONDS = 60.0
STOP_SECONDS = 30.0


class Service:
    """A running command that said ``listening on URL``."""

    def __init__(self, process: subprocess.Popen[str], url: str, lines: list[str]) -> None:
        self.process = process
        self.url = url
        self.lines = lines

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running(
    module: str, *arguments: str, env: Mapping[str, str] | None = None
) -> Iterator[Service]:
    """Run ``python -m module arguments`` until the block ends; yields it when it listens."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **(env or {})},
    )
    assert process.stdout is not None
    with process.stdout as output:
        try:
            url, lines = _wait_until_it_listens(output)
            reader = threading.Thread(target=lines.extend, args=(output,))
            reader.start()
            yield Service(process, url, lines)
        finally:
            _end(process)
        reader.join()


def _end(process: subprocess.Popen[str]) -> None:
    if process.poll() is None:
        process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(
    module: str, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
        env={**os.environ, **(env or {})},
    )


def _wait_until_it_listens(output: IO[str]) -> tuple[str, list[str]]:
    lines: list[str] = []
    for line in output:
        lines.append(line)
        before, found, url = line.strip().partition("listening on ")
        if found and not before:
            return url, lines
    raise AssertionError(f"the command ended before it listened: {''.join(lines)}")


ROOT = Path(__file__).resolve().parents[2]
