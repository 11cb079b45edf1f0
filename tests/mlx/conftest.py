"""A real ``mlx_lm.server`` with a small model, in a process of its own; ``make test-mlx`` runs it.

The model is the folder that MLX_TEST_MODEL names, else the small one of the shared test data.
"""

import os
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from conftest import SHARED_IS_AWAY
from fake_process import FakeProcess

ROOT = Path(__file__).resolve().parents[2]
COMMAND = ROOT / ".venv-mlx" / "bin" / "mlx_lm.server"
SHARED_MODEL = ROOT / "../shared/tinymlx/model"
LISTENING = "Starting httpd"
STOP_SECONDS = 10.0


@pytest.fixture(scope="session")
def mlx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeProcess]:
    model = Path(os.environ.get("MLX_TEST_MODEL", SHARED_MODEL))
    if not COMMAND.is_file():
        pytest.skip("mlx_lm.server is not installed: make test-mlx")
    if not model.is_dir():
        pytest.skip(SHARED_IS_AWAY)
    with running_mlx(model, tmp_path_factory.mktemp("hf")) as url:
        yield FakeProcess(url)


@contextmanager
def running_mlx(model: Path, home: Path) -> Iterator[str]:
    """Run the server offline on a free port; *home* is its Hugging Face cache, empty but there."""
    (home / "hub").mkdir()
    port = free_port()
    process = subprocess.Popen(
        [COMMAND, "--model", model.resolve(), "--host", "127.0.0.1", "--port", str(port)],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(home)},
    )
    assert process.stderr is not None
    with process.stderr as output:
        lines: list[str] = []
        found = any(LISTENING in line for line in iter(output.readline, ""))
        reader = threading.Thread(target=lines.extend, args=(output,))
        reader.start()
        try:
            assert found, "mlx_lm.server ended before it listened"
            yield f"http://127.0.0.1:{port}"
        finally:
            end(process)
            reader.join()


def end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
