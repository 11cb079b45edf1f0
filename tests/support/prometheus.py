"""The real Prometheus as a process of its own, scraping one address, and questions to it."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import aiohttp
import pytest

PATIENCE_SECONDS = 60.0
POLL_SECONDS = 0.1

_LISTENING = re.compile(r'msg="Listening on" address=(\S+)')
_CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: [{rules}]
scrape_configs:
  - job_name: mlx-relay
    static_configs: [{{targets: ["{target}"]}}]
"""


async def metrics_with(session: aiohttp.ClientSession, sample: str) -> list[str]:
    """Return the lines of ``/metrics`` once *sample* is one: a stream ends before its sinks."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            async with session.get("/metrics") as answer:
                lines = (await answer.text()).splitlines()
            if sample in lines:
                return lines


def promtool(*arguments: str, stdin: str = "") -> str:
    """Return what ``promtool`` complains of."""
    done = subprocess.run(
        [_find("promtool"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    return done.stderr + (done.stdout if done.returncode else "")


def _find(command: str) -> str:
    """Return the path of *command*, or skip: it comes with Debian's package ``prometheus``."""
    path = shutil.which(command)
    if path is None:
        pytest.skip(f"{command} is not installed (Debian package prometheus)")
    return path


class Prometheus:
    """A running Prometheus; questions go to its HTTP API."""

    def __init__(self, url: str) -> None:
        self._url = url

    def get(self, path: str, **parameters: str) -> Any:
        """Return the ``data`` of an answer."""
        query = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(f"{self._url}/api/v1/{path}?{query}", timeout=10) as answer:
            return json.load(answer)["data"]

    def ask(self, expression: str) -> list[float]:
        """Return the values that *expression* has now."""
        result = self.get("query", query=expression)["result"]
        return [float(one["value"][1]) for one in result]

    def wait_for(self, expression: str) -> float:
        """Return the first value of *expression* as soon as it has one."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if values := self.ask(expression):
                return values[0]
            time.sleep(POLL_SECONDS)
        raise AssertionError(f"Prometheus has no {expression}")


@contextmanager
def prometheus(folder: Path, target: str, rules: Path) -> Iterator[Prometheus]:
    """Run Prometheus on a free port; it scrapes *target* (host and port) every second."""
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(rules=json.dumps(str(rules)), target=target))
    arguments = (f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}")
    with subprocess.Popen(
        [_find("prometheus"), *arguments, "--web.listen-address=127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        reader = threading.Thread(target=process.stderr.read)
        try:
            address = _wait_until_it_is_ready(process.stderr)
            reader.start()
            yield Prometheus(f"http://{address}")
        finally:
            process.kill()
        reader.join()


def _wait_until_it_is_ready(log: IO[str]) -> str:
    address, lines = "", []
    for line in log:
        lines.append(line)
        if found := _LISTENING.search(line):
            address = found[1]
        if "Server is ready" in line:
            return address
    raise AssertionError("".join(lines))
