"""Where systemd listens in; that we are ready, and still alive, out (sd_notify(3)).

Started by anything else there is nobody to tell, and nothing happens.
"""

import asyncio
import socket
from contextlib import suppress


class Supervisor:
    """Tells the one at *address*, the path of a socket; ``@`` begins an abstract one.

    It wants to hear from the event loop at least every *watchdog_seconds*.
    """

    def __init__(self, address: str | None, watchdog_seconds: float | None) -> None:
        self._address = address.replace("@", "\0", 1) if address else None
        self._watchdog_seconds = watchdog_seconds

    def ready(self) -> None:
        """Say that the service serves, and from now on that its event loop runs."""
        self._tell(b"READY=1")
        if self._address and self._watchdog_seconds:
            self._say_alive(self._watchdog_seconds / 2)

    def _say_alive(self, interval: float) -> None:
        self._tell(b"WATCHDOG=1")
        asyncio.get_running_loop().call_later(interval, self._say_alive, interval)

    def _tell(self, words: bytes) -> None:
        if self._address is None:
            return
        # One that does not listen notices by itself that it hears nothing.
        with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as teller:
            teller.setblocking(False)
            teller.connect(self._address)
            teller.send(words)
