"""Signals become events: the first asks to stop, the second to hurry, in a process that ends."""

import asyncio
import os
import signal
import subprocess
import sys

import pytest

from mlx_relay.stopping import Stopping, stop_on_signals


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
async def test_the_first_signal_asks_and_the_second_hurries(number: int, code: int) -> None:
    codes: list[int] = []
    stopping = stop_on_signals(codes.append)
    assert not stopping.asked.is_set()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stopping.asked.wait(), 10)
    assert (stopping.hurried.is_set(), stopping.exit_code, codes) == (False, 0, [])
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stopping.hurried.wait(), 10)
    assert (stopping.exit_code, codes) == (code, [code])


async def test_the_second_signal_decides_and_others_change_nothing() -> None:
    codes: list[int] = []
    stopping = Stopping(codes.append)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        stopping.ask(number)
    assert (stopping.exit_code, codes) == (130, [130])


def test_a_process_that_hangs_ends_all_the_same() -> None:
    program = (
        "import time; from mlx_relay.stopping import exit_soon; exit_soon(143, 0.01);"
        "time.sleep(600)"
    )
    done = subprocess.run([sys.executable, "-c", program], timeout=60, check=False)
    assert done.returncode == 143
