"""The signals that tell a process to stop in; what they ask for, as events, out."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Final

HURRY_SECONDS: Final = 0.9
"""How long a process that was told twice may still take to end its streams and its log."""


class Stopping:
    """First a process is asked to stop, and its streams may end; asked again, it is to hurry.

    *on_hurry* gets the exit code of a process that was told twice.
    """

    def __init__(self, on_hurry: Callable[[int], None]) -> None:
        self.asked = asyncio.Event()
        self.hurried = asyncio.Event()
        self.exit_code = 0
        self._on_hurry = on_hurry

    def ask(self, number: int = signal.SIGTERM) -> None:
        """Note that the signal *number* came, or a word that means as much."""
        if not self.asked.is_set():
            self.asked.set()
        elif not self.hurried.is_set():
            self.exit_code = 128 + number
            self.hurried.set()
            self._on_hurry(self.exit_code)


def exit_soon(code: int, seconds: float = HURRY_SECONDS) -> None:
    """End this process with *code* in *seconds*, whatever hangs in it by then."""
    timer = threading.Timer(seconds, os._exit, (code,))
    timer.daemon = True
    timer.start()


def stop_on_signals(on_hurry: Callable[[int], None] = exit_soon) -> Stopping:
    """Return what SIGINT and SIGTERM ask for from now on, in place of what else they would do."""
    stopping = Stopping(on_hurry)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.ask, number)
    return stopping
