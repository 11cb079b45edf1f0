"""A plan in, bytes on a transport out, each at its moment; the journal entry is kept."""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Final

from fake_mlx.journal import Entry
from fake_mlx.replay import Again, Batch, Plan
from fake_mlx.schedule import Schedule, Ticket

_LINGER_NOT_AT_ALL: Final = struct.pack("ii", 1, 0)


class Stream:
    """One replay to one client, beginning now.

    The connection calls *pause* and *resume* when the client does not keep up, and *cut_off* when
    it is gone; *at_end* is called when the replay is over and the connection lives on.
    """

    def __init__(
        self,
        plan: Plan,
        transport: asyncio.Transport,
        schedule: Schedule,
        entry: Entry,
        at_end: Callable[[], None],
    ) -> None:
        self._plan = plan
        self._parts = plan.batches or plan.pieces
        self._transport = transport
        self._schedule = schedule
        self._entry = entry
        self._at_end = at_end
        self._sent = 0
        self._paused = False
        self._ticket: Ticket | None = None
        self._wait()

    def pause(self) -> None:
        self._paused = True

    def resume(self) -> None:
        self._paused = False
        if self._ticket is None:
            self._wait()

    def cut_off(self) -> None:
        """The client is gone: stop, and say so in the journal."""
        if self._ticket:
            self._ticket.cancel()
        self._entry.finish("client_left", self._schedule.now())

    def _wait(self) -> None:
        self._ticket = self._schedule.at(self._next_moment(), self._go_on)

    def _next_moment(self) -> float:
        if self._sent < len(self._parts):
            return self._entry.started + self._parts[self._sent].at
        if self._plan.again:
            return self._schedule.now() + self._plan.again.seconds
        return self._entry.started + self._plan.ends_at

    def _go_on(self) -> float | None:
        """Send what is due; returns the moment of what comes next, None when nothing does yet."""
        if self._sent < len(self._parts):
            self._send_due()
        elif self._plan.again:
            self._send_again(self._plan.again)
        else:
            self._end()
            return None
        if self._paused:
            self._ticket = None
            return None
        if self._sent < len(self._parts):
            return self._entry.started + self._parts[self._sent].at
        return self._next_moment()

    def _send_due(self) -> None:
        """Send every piece that is due; of batches one, the next in a later turn of the loop."""
        parts, entry, now = self._parts, self._entry, self._schedule.now
        elapsed, first = now() - entry.started, self._sent
        while self._sent < len(parts) and not self._paused:
            part = parts[self._sent]
            if part.at > elapsed:
                return
            if self._sent > first and self._transport.is_closing():
                # The client is gone, which the connection will hear in a moment.
                self.pause()
                return
            self._sent += 1
            self._transport.write(part.data)
            if isinstance(part, Batch):
                entry.sent_together(part.sizes, now(), part.checksums)
                return
            if part.size:
                entry.sent(part.size, now(), part.checksum)

    def _send_again(self, again: Again) -> None:
        self._transport.write(again.data)
        self._entry.sent(again.size, self._schedule.now())

    def _end(self) -> None:
        self._entry.finish("done", self._schedule.now())
        match self._plan.at_end:
            case "keep-alive":
                pass
            case "close":
                self._transport.close()
            case "reset":
                _reset(self._transport)
        self._at_end()


def _reset(transport: asyncio.Transport) -> None:
    """Close with a TCP reset: what is not delivered is lost, as when a server is killed."""
    connection: socket.socket = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
    transport.abort()
