"""Opens many chat streams at once and notes when each token arrived. Requests in, Takes out."""

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from cassettes import MARK


@dataclass
class Take:
    """One stream as the client saw it; moments are seconds on the monotonic clock."""

    started: float = 0.0
    arrivals: list[float] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)

    def text(self) -> str:
        """Return the answer's text; raises ValueError when the stream is not whole."""
        return "".join(_content(line) for line in _lines(_body(bytes(self.raw))))


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, take: Take, ended: asyncio.Future[None]) -> None:
        self._request = request
        self._take = take
        self._ended = ended

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._take.started = time.monotonic()
        cast("asyncio.WriteTransport", transport).write(self._request)

    def data_received(self, data: bytes) -> None:
        self._take.arrivals += [time.monotonic()] * data.count(MARK)
        self._take.raw += data

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's
        if not self._ended.done():
            self._ended.set_result(None)


async def take(port: int, request: bytes) -> Take:
    """Send *request* and take the answer to its end."""
    loop = asyncio.get_running_loop()
    taken, ended = Take(), loop.create_future()
    await loop.create_connection(lambda: _Client(request, taken, ended), "127.0.0.1", port)
    await ended
    return taken


async def take_many(
    port: int, streams: int, request: Callable[[int], bytes], *, spread: float
) -> list[Take]:
    """Take *streams* streams, their starts spread evenly over *spread* seconds."""

    async def one(number: int) -> Take:
        await asyncio.sleep(spread * number / streams)
        return await take(port, request(number))

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(number)) for number in range(streams)]
    return [task.result() for task in tasks]


def post(path: str, body: dict[str, object], *headers: str) -> bytes:
    """Return a request whose connection closes after the answer."""
    data = json.dumps(body).encode()
    lines = (
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        "Connection: close",
        f"Content-Length: {len(data)}",
        *headers,
    )
    return "\r\n".join([*lines, "", ""]).encode() + data


def _body(raw: bytes) -> bytes:
    head, _, rest = raw.partition(b"\r\n\r\n")
    if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200")):
        raise ValueError(raw[:300].decode(errors="replace"))
    if b"transfer-encoding: chunked" not in head.lower():
        return rest
    body, at = bytearray(), 0
    while True:
        stop = rest.index(b"\r\n", at)
        size = int(rest[at:stop], 16)
        if size == 0:
            return bytes(body)
        body += rest[stop + 2 : stop + 2 + size]
        at = stop + 2 + size + 2


def _lines(body: bytes) -> list[str]:
    return [
        line.removeprefix("data: ")
        for line in body.decode().split("\n")
        if line.startswith("data: ") and line != "data: [DONE]"
    ]


def _content(line: str) -> str:
    """Return the text of one event, of OpenAI's dialect or the relay's."""
    event = json.loads(line)
    if "choices" in event:
        return event["choices"][0]["delta"].get("content") or ""
    if event.get("type") == "error":
        raise ValueError(line)
    return str(event["content"]) if event.get("type") == "response" else ""
