import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fake_mlx import __version__
from fake_process import PATIENCE, one_line, post, run, running_fake


def test_it_says_its_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout) == (0, f"fake-mlx {__version__}\n")


def test_the_shipped_cassettes_are_served_without_a_word() -> None:
    with running_fake("--speed", "max") as fake:
        data = fake.chat({"model": "mlx_lm/hello"})
    assert data.endswith(b"data: [DONE]\n\n")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_server_in_peace_also_in_mid_stream(
    made: Path, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "fake_mlx", "serve", "--port", "0", "--cassettes", str(made)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline().rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
            connection.sendall(post({"model": "hanging"}))
            assert connection.recv(1000).startswith(b"HTTP/1.1 200 OK")
            process.send_signal(number)
            assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_busy_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "the port is in use" in done.stderr
    assert one_line(done.stderr)


def test_an_address_that_is_not_ours_is_one_clear_line() -> None:
    done = run("serve", "--port", "0", "--host", "192.0.2.1")
    assert done.returncode == 1
    assert one_line(done.stderr)


def test_a_folder_that_cannot_be_served_is_a_bad_configuration(tmp_path: Path) -> None:
    (tmp_path / "damaged.cast.jsonl").write_bytes(b"{}")
    for folder in (tmp_path / "empty", tmp_path / "missing", tmp_path):
        (tmp_path / "empty").mkdir(exist_ok=True)
        done = run("serve", "--cassettes", folder)
        assert done.returncode == 78
        assert one_line(done.stderr)
        assert str(folder) in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--speed", "fast"),
        ("--speed", "0"),
        ("--rechunk", "bytes:0"),
        ("--port", "65536"),
        ("--fault", "rest"),
        ("more",),
    ],
)
def test_wrong_usage_is_said_and_exits_2(arguments: tuple[str, ...]) -> None:
    done = run("serve", *arguments)
    assert done.returncode == 2
    assert "Error" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "option"),
    [
        (("--upstream", "127.0.0.1:80"), "--upstream"),
        (("--upstream", "https://127.0.0.1", "--ca", "no-such-file.pem"), "--ca"),
        (("--upstream", "http://127.0.0.1", "--mode", "often"), "--mode"),
    ],
)
def test_what_cannot_be_recorded_is_said_with_its_option(
    tmp_path: Path, arguments: tuple[str, ...], option: str
) -> None:
    done = run("record", "--out", tmp_path, *arguments)
    assert done.returncode == 2
    assert option in done.stderr
    assert "Traceback" not in done.stderr
