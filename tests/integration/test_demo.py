"""``mlx-relay demo`` as a visitor meets it: start it, paste what it prints, stop it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from support.processes import START_SECONDS, STOP_SECONDS
from support.relay import Events, events_of, text_of, types_of

FAKE = re.compile(r"fake_mlx\0serve")


class Demo:
    """A running demo and all that it printed before its last line."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.lines: list[str] = []

    @property
    def commands(self) -> list[str]:
        return [line for line in self.lines if line.startswith("curl ")]

    def read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError(f"the demo ended: {self.lines}")

    def stop(self, number: int) -> int:
        self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def assert_nothing_is_left(self) -> None:
        """Wait for the end of stderr, which every child shares, and look for the folder."""
        assert self.process.stderr is not None
        timer = threading.Timer(STOP_SECONDS, self.process.stderr.close)
        timer.start()
        self.process.stderr.read()
        timer.cancel()
        assert list(self.folder.iterdir()) == []


@contextmanager
def started(folder: Path) -> Iterator[Demo]:
    process = subprocess.Popen(
        [sys.executable, "-m", "mlx_relay", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(folder)},
    )
    with process:
        try:
            yield Demo(process, folder)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    with tempfile.TemporaryDirectory() as folder, started(Path(folder)) as running:
        running.read()
        yield running


def paste(command: str) -> str:
    """Run a printed line as a shell would."""
    done = subprocess.run(
        ["/bin/sh", "-c", command],
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def chat(demo: Demo, index: int) -> Events:
    return events_of(paste(demo.commands[index]))


def test_it_says_where_it_listens_in_a_plain_first_line(demo: Demo) -> None:
    assert re.fullmatch(r"listening on http://127\.0\.0\.1:[0-9]+", demo.lines[0])


def test_the_first_command_chats_with_the_thinking_profile(demo: Demo) -> None:
    events = chat(demo, 0)
    expected = ["start", "thinking", "thinking_done", "response", "usage", "done"]
    assert types_of(events) == expected
    assert "Paris" in text_of(events, "response")


def test_the_second_command_chats_without_thinking(demo: Demo) -> None:
    assert types_of(chat(demo, 1)) == ["start", "response", "usage", "done"]


def test_the_third_command_calls_a_tool(demo: Demo) -> None:
    calls = [event for event in chat(demo, 2) if event["type"] == "tool_call"]
    assert [(call["name"], json.loads(call["arguments"])["city"]) for call in calls] == [
        ("get_weather", "Paris")
    ]


def test_the_fourth_command_meets_a_server_that_is_down(demo: Demo) -> None:
    events = chat(demo, 3)
    assert [event["type"] for event in events] == ["start", "error"]
    assert events[1]["code"] == "upstream_unreachable"


def test_the_last_command_logs_in(demo: Demo) -> None:
    answer = json.loads(paste(demo.commands[4]))
    assert answer["token_type"] == "bearer"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    with started(tmp_path) as demo:
        demo.read()
        assert demo.stop(number) == 0
        demo.assert_nothing_is_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_it_starts_leaves_nothing_behind(tmp_path: Path, number: int) -> None:
    with started(tmp_path) as demo:
        wait_for_the_database(demo)
        assert demo.stop(number) == 130
        demo.assert_nothing_is_left()


def wait_for_the_database(demo: Demo) -> None:
    """Return when the fake server runs and the profiles are being written."""
    while not list(demo.folder.glob("*/relay.db")):
        assert demo.process.poll() is None
        time.sleep(0.001)


def test_a_demo_that_is_killed_takes_the_fake_server_with_it(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        demo.read()
        demo.stop(signal.SIGKILL)
        assert demo.process.stderr is not None
        demo.process.stderr.read()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the child by /proc")
def test_the_death_of_the_fake_server_ends_it_with_one_line(tmp_path: Path) -> None:
    with started(tmp_path) as demo:
        demo.read()
        os.kill(child_of(demo.process.pid), signal.SIGKILL)
        assert demo.process.wait(STOP_SECONDS) == 1
        assert demo.process.stderr is not None
        assert demo.process.stderr.read() == "mlx-relay: the fake MLX server ended by itself\n"


def child_of(parent: int) -> int:
    """Return the process id of the fake server that *parent* started."""
    for path in Path("/proc").glob("[0-9]*"):
        try:
            command = (path / "cmdline").read_text()
            status = (path / "status").read_text()
        except OSError:
            continue
        if FAKE.search(command) and f"\nPPid:\t{parent}\n" in status:
            return int(path.name)
    raise AssertionError("the demo has no fake server")


def test_a_busy_port_is_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "mlx_relay", "demo", "--port", port],
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
            check=False,
        )
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port} is in use" in done.stderr
    assert done.stderr.count("\n") == 1
