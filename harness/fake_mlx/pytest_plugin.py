"""pytest fixtures: a fake MLX server in a process of its own, for tests of your own proxy.

Load it by name: ``-p fake_mlx.pytest_plugin``, or ``pytest_plugins = ["fake_mlx.pytest_plugin"]``.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from fake_mlx.client_record import ClientRecorder
from fake_mlx.exchange import Cassette
from fake_mlx.faults import MARK
from fake_mlx.library import SHIPPED, find, load
from fake_mlx.sent_bodies import sent_bodies
from fake_mlx.verdict import Verdict, judge

_PATIENCE: Final = 10.0
_SETTLING: Final = 2.0
_BETWEEN_LOOKS: Final = 0.01


class FakeMLX:
    """A running fake: point the server under test at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.port = int(url.rpartition(":")[2])

    def journal(self, *, stamps: bool = False) -> list[dict[str, Any]]:
        """Return what the fake saw: an entry for each request, the oldest first."""
        entries: list[dict[str, Any]] = self._call("GET", f"journal?stamps={int(stamps)}")
        return entries

    def settled_journal(self) -> list[dict[str, Any]]:
        """Return the journal with stamps, once no replay is under way, or after some patience."""
        deadline = time.monotonic() + _SETTLING
        while True:
            entries = self.journal(stamps=True)
            if time.monotonic() > deadline or all(e["state"] != "streaming" for e in entries):
                return entries
            time.sleep(_BETWEEN_LOOKS)

    def clear(self) -> None:
        """Forget the journal, and take all faults away."""
        self._call("DELETE", "journal")
        self.configure()

    def configure(self, *faults: str, models: dict[str, list[str]] | None = None) -> None:
        """Lay *faults* (``KIND[@WHERE]``) over every replay, and others over those of *models*."""
        self._call("POST", "config", {"faults": faults, "models": models or {}})

    def _call(self, method: str, name: str, content: object = None) -> Any:
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(f"{self.url}/_fake/{name}", data, method=method)  # noqa: S310 - our own
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:  # noqa: S310 - our own
            return json.loads(answer.read())


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fake-mlx")
    group.addoption("--fake-mlx-cassettes", default=str(SHIPPED), help="folder of cassettes")
    group.addoption("--fake-mlx-speed", default="max", help="original, max or a factor")


@pytest.fixture(scope="session")
def fake_mlx_process(request: pytest.FixtureRequest) -> Iterator[FakeMLX]:
    """One fake for the whole run."""
    cassettes = request.config.getoption("--fake-mlx-cassettes")
    speed = request.config.getoption("--fake-mlx-speed")
    command = [sys.executable, "-m", "fake_mlx", "serve", "--port", "0"]
    command += ["--cassettes", cassettes, "--speed", speed]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own
        line = process.stdout.readline() if process.stdout else ""
        if not line.startswith("listening on "):
            pytest.fail(f"fake-mlx did not start with the cassettes in {cassettes}")
        yield FakeMLX(line.removeprefix("listening on ").strip())
        process.terminate()


@pytest.fixture
def fake_mlx(fake_mlx_process: FakeMLX) -> FakeMLX:
    """The running fake, its journal empty and no fault laid over it."""
    fake_mlx_process.clear()
    return fake_mlx_process


@pytest.fixture
def cassette(request: pytest.FixtureRequest) -> Callable[[str], Cassette]:
    """Return the cassette of a name, to compare with what came through."""
    folder = Path(request.config.getoption("--fake-mlx-cassettes"))

    def named(name: str) -> Cassette:
        file = folder / f"{name}.cast.jsonl"
        return load(file if file.is_file() else find(name))

    return named


@pytest.fixture
def fault() -> Callable[..., str]:
    """Return the model that replays a cassette with faults: ``fault("mlx_lm/hello", "cr")``."""
    return lambda name, *kinds: MARK.join([name, *kinds])


@pytest.fixture
def verdict(request: pytest.FixtureRequest, fake_mlx: FakeMLX) -> Callable[..., Verdict]:
    """Return the judge of your proxy: ``assert verdict(client).kept`` for a ClientRecorder."""
    folder = Path(request.config.getoption("--fake-mlx-cassettes"))

    def judged(client: ClientRecorder, **limits: Any) -> Verdict:
        entries = fake_mlx.settled_journal()
        return judge(entries, client.requests, bodies=sent_bodies(entries, folder), **limits)

    return judged
