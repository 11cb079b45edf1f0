"""Listening sockets in; their connections, one to each worker in turn, out."""

import asyncio
import socket
from collections import deque

import structlog

from mlx_relay.workers.door import Door

PAUSE_SECONDS = 1.0
"""For how long nothing is accepted when this process has as many descriptors as it may."""

_log = structlog.get_logger(__name__)


class Reception:
    """Accepts while a worker serves; until then connections wait in the kernel's queue."""

    def __init__(self, listeners: list[socket.socket]) -> None:
        self._listeners = listeners
        self._doors: deque[Door] = deque()
        self._loop = asyncio.get_running_loop()
        self._is_accepting = False
        self._pause: asyncio.TimerHandle | None = None

    def note(self, door: Door) -> None:
        """Take *door* into the round when it is open, out of it when it is not."""
        if door.is_open:
            self._doors.append(door)
        else:
            if door in self._doors:
                self._doors.remove(door)
            for connection in door.take_back():
                self._give(connection)
        self._accept_or_not()

    def close(self) -> None:
        """Stop listening."""
        self._doors.clear()
        self._accept_or_not()
        for listener in self._listeners:
            listener.close()

    def _accept_or_not(self) -> None:
        wanted = bool(self._doors) and self._pause is None
        if wanted == self._is_accepting:
            return
        self._is_accepting = wanted
        for listener in self._listeners:
            if wanted:
                self._loop.add_reader(listener, self._accept, listener)
            else:
                self._loop.remove_reader(listener)

    def _accept(self, listener: socket.socket) -> None:
        try:
            connection, _ = listener.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError as error:
            _log.error("cannot_accept", error=error.strerror)
            self._pause = self._loop.call_later(PAUSE_SECONDS, self._go_on)
            self._accept_or_not()
            return
        self._give(connection)

    def _go_on(self) -> None:
        self._pause = None
        self._accept_or_not()

    def _give(self, connection: socket.socket) -> None:
        """To the next worker that can take it; if there is none, the client sees a closed one."""
        for _ in range(len(self._doors)):
            self._doors.rotate(-1)
            if self._doors[-1].give(connection):
                return
        connection.close()
