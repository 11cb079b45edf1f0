"""``mlx-relay serve`` as a process: the line scripts wait for, and the port that is taken."""

import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from mlx_relay.cli.serve import HINT, announce
from support.processes import run, running


def test_it_listens_answers_and_ends_on_a_signal(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
    with running("mlx_relay", "serve", "--port", "0", env=env) as service:
        assert service.url.startswith("http://127.0.0.1:")
        with urlopen(f"{service.url}/healthz") as answer:
            assert answer.status == 200
        assert service.stop(signal.SIGINT) == 0


def test_a_busy_port_is_one_line(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
    run("mlx_relay", "user", "add", "ada", "--password-stdin", env=env, stdin="correct horse")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("mlx_relay", "serve", "--port", port, env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port} is in use" in done.stderr
    assert done.stderr.count("\n") == 1


def test_without_a_user_it_says_how_to_add_one(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "mlx_relay", "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"MLX_RELAY_DATA_DIR": str(tmp_path)},
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("listening on ")
        process.terminate()
        assert HINT in process.communicate()[1].splitlines()


def test_a_port_out_of_range_is_wrong_usage() -> None:
    done = run("mlx_relay", "serve", "--port", "65536")
    assert done.returncode == 2
    assert "--port" in done.stderr


def test_the_address_is_a_plain_line(capsys: pytest.CaptureFixture[str]) -> None:
    announce("http://127.0.0.1:1")
    assert capsys.readouterr().out == "listening on http://127.0.0.1:1\n"
