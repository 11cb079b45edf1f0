"""A request in; what a client saw of its stream, and when, out.

The standard library's HTTP client, which Locust's process makes cooperative: unlike Locust's own
clients it hands over bytes as they come, and closes when it is told to.
"""

import http.client
import json
import socket
import time
from dataclasses import dataclass, field
from typing import Any, Final

from load.answers import Answer, Reader, messages_of

HOST: Final = "127.0.0.1"
TIMEOUT_SECONDS: Final = 120.0
PIECE: Final = 65536
PAUSE_SECONDS: Final = 0.05
"""Of a slow reader; shorter ones it saves up."""


class ChatFailed(Exception):
    """The stream was not what a stream must be; says why."""


@dataclass(frozen=True)
class Ask:
    """A request for a stream, and how its reader behaves."""

    port: int
    path: str
    body: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)
    leave_after: int | None = None
    bytes_per_second: float | None = None
    """A slow reader's; it also has a small receive buffer."""


@dataclass
class Take:
    """A stream as its client saw it; moments are seconds on the monotonic clock."""

    answer: Answer
    first_event: float = 0.0
    first_answer: float = 0.0
    ended: float = 0.0
    gaps: list[float] = field(default_factory=list)
    terminal: dict[str, Any] | None = None
    left: bool = False


def chat(ask: Ask, reader: Reader) -> Take:
    """Read a stream to its end; raises ChatFailed, OSError, HTTPException."""
    connection = _connect(ask)
    try:
        body = json.dumps(ask.body).encode()
        headers = {"Content-Type": "application/json", **ask.headers}
        connection.request("POST", ask.path, body, headers)
        with connection.getresponse() as answer:
            if answer.status != 200:
                raise ChatFailed(f"HTTP {answer.status}: {answer.read(300)!r}")
            return _read(answer, ask, reader)
    finally:
        connection.close()


def post(port: int, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    """Send JSON, return JSON; raises ChatFailed unless the status is a success."""
    connection = http.client.HTTPConnection(HOST, port, timeout=TIMEOUT_SECONDS)
    try:
        headers = {"Content-Type": "application/json", **headers}
        connection.request("POST", path, json.dumps(body).encode(), headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    if answer.status not in (200, 201):
        raise ChatFailed(f"{path}: HTTP {answer.status}: {text[:300]!r}")
    reply: dict[str, Any] = json.loads(text)
    return reply


def _connect(ask: Ask) -> http.client.HTTPConnection:
    connection = http.client.HTTPConnection(HOST, ask.port, timeout=TIMEOUT_SECONDS)
    if ask.bytes_per_second:
        sock = socket.socket()
        # Before connecting: the window that the kernel offers is settled then.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.settimeout(TIMEOUT_SECONDS)
        sock.connect((HOST, ask.port))
        connection.sock = sock
    return connection


def _read(answer: http.client.HTTPResponse, ask: Ask, reader: Reader) -> Take:
    take, held, last, said = Take(reader.answer), b"", 0.0, 0
    started, read = time.monotonic(), 0
    while data := answer.read1(PIECE):
        now = time.monotonic()
        *lines, held = (held + data).split(b"\n")
        for message in messages_of(lines):
            take.first_event = take.first_event or now
            if reader.feed(message):
                take.first_answer = take.first_answer or now
                take.gaps += [now - last] if said else []
                last, said = now, said + 1
        if ask.leave_after is not None and said >= ask.leave_after:
            take.left = True
            break
        read += len(data)
        if ask.bytes_per_second:
            ahead = started + read / ask.bytes_per_second - now
            time.sleep(ahead if ahead > PAUSE_SECONDS else 0)
    take.ended, take.terminal = time.monotonic(), reader.terminal
    return take
