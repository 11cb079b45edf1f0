"""A connection that the parent accepted in; the same connection in a worker out.

The two ends of a pair of sockets. The parent sends each connection as a descriptor, the worker
says that it has it, and that it is ready for the first. The parent keeps its own copy until then:
macOS may lose a descriptor whose sender closed it, and what a dying worker never took can be given
to another. Either end sees at once that the other is gone.
"""

import asyncio
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable

CONNECTION = b"c"
STOP = b"s"
"""To a worker: what a signal would say. The second time it is to hurry."""
READY = b"r"
TAKEN = b"t"


class Door:
    """The parent's end. *on_change* is called when the worker is ready, and when it is gone."""

    def __init__(self, end: socket.socket, on_change: Callable[["Door"], None]) -> None:
        self.is_open = False
        self.ready = asyncio.Event()
        self._end = end
        self._on_change = on_change
        self._given: deque[socket.socket] = deque()
        self._loop = asyncio.get_running_loop()
        end.setblocking(False)
        self._loop.add_reader(end, self._read)

    def give(self, connection: socket.socket) -> bool:
        """Hand *connection* over; False if the worker cannot take it now."""
        try:
            socket.send_fds(self._end, [CONNECTION], [connection.fileno()])
        except OSError:
            return False
        self._given.append(connection)
        return True

    def tell_to_stop(self) -> bool:
        """Tell the worker to wind down, and the second time to hurry; False if it cannot hear."""
        try:
            self._end.send(STOP)
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Tell the worker to end, when it has taken what is on its way to it."""
        if self._end.fileno() >= 0:
            self._loop.remove_reader(self._end)
            self._end.close()
            for connection in self.take_back():
                connection.close()
            self._shut()

    def take_back(self) -> list[socket.socket]:
        """Return the connections that a worker did not take and, being gone, never will."""
        given, self._given = list(self._given), deque()
        return given

    def _read(self) -> None:
        try:
            said = self._end.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            said = b""
        for _ in range(said.count(TAKEN)):
            self._given.popleft().close()
        if READY in said:
            self.is_open = True
            self.ready.set()
            self._on_change(self)
        if not said:
            self._loop.remove_reader(self._end)
            self._shut()

    def _shut(self) -> None:
        self.is_open = False
        self._on_change(self)


class Arrivals:
    """The worker's end. *on_stop* is called each time the parent says that it is to stop."""

    def __init__(self, end: socket.socket, on_stop: Callable[[], None]) -> None:
        self._end = end
        self._on_stop = on_stop
        self._arrived: asyncio.Queue[socket.socket | None] = asyncio.Queue()
        end.setblocking(False)

    async def connections(self) -> AsyncGenerator[socket.socket, None]:
        """Say that we are ready; yield connections until the parent closes the door or is gone."""
        loop = asyncio.get_running_loop()
        self._say(READY)
        loop.add_reader(self._end, self._read)
        try:
            while (connection := await self._arrived.get()) is not None:
                yield connection
        finally:
            loop.remove_reader(self._end)
            self._end.close()

    def _read(self) -> None:
        try:
            said, descriptors, _, _ = socket.recv_fds(self._end, 1, 1)
        except BlockingIOError:
            return
        except OSError:
            said, descriptors = b"", []
        if said == STOP:
            self._on_stop()
            return
        for descriptor in descriptors:
            self._arrived.put_nowait(socket.socket(fileno=descriptor))
        if said:
            # Also where no descriptor came, because this process has as many as it may.
            self._say(TAKEN)
        else:
            asyncio.get_running_loop().remove_reader(self._end)
            self._arrived.put_nowait(None)

    def _say(self, word: bytes) -> None:
        try:
            self._end.send(word)
        except OSError:  # the parent is gone: the next read says so
            return
