"""A process on the leash ends with whoever started it."""

import signal
import subprocess
import sys

LEASH = (sys.executable, "-P", "-m", "mlx_relay.cli.leash")
SERVER = ("fake_mlx", "serve", "--port", "0")

STARTER = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
child.wait()
"""


def test_it_ends_in_order_when_stdin_is_closed() -> None:
    with subprocess.Popen(
        [*LEASH, *SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"listening on ")
        process.stdin.close()
        assert process.wait(30) == 0


def test_it_ends_when_its_starter_is_killed() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, *LEASH, *SERVER], stdout=subprocess.PIPE
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline().startswith(b"listening on ")
        starter.send_signal(signal.SIGKILL)
        # The end of its output: whoever still lived would hold it open.
        assert starter.stdout.read() == b""


def test_the_module_gets_its_own_arguments() -> None:
    with subprocess.Popen(
        [*LEASH, "fake_mlx", "cat", "demo/plain/sum"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.read().startswith(b"data: ")
