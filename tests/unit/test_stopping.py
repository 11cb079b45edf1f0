"""Signals become an event."""

import asyncio
import os
import signal

import pytest

from mlx_relay.stopping import stop_on_signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_sets_the_event(number: int) -> None:
    stop = stop_on_signals()
    assert not stop.is_set()
    os.kill(os.getpid(), number)
    await asyncio.wait_for(stop.wait(), 10)
