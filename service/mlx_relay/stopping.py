"""The signals that tell a process to stop in; an event out."""

import asyncio
import signal


def stop_on_signals() -> asyncio.Event:
    """Return an event that SIGINT and SIGTERM set, in place of what else they would do."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop
