"""A pass-through proxy: requests to an upstream and its bytes back, cassettes into a folder.

Every byte is relayed first and recorded second. A cassette is written when its exchange is over,
also when that is because the client left.
"""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fake_mlx.exchange import Cassette
from fake_mlx.http1 import BadRequest, Request, RequestReader, response_head
from fake_mlx.importer import Why
from fake_mlx.library import SUFFIX, load_library, save
from fake_mlx.live_server import LiveServer, Unreachable
from fake_mlx.matching import Question, explain_miss
from fake_mlx.recordings import Mode, Recordings, body_of
from fake_mlx.replay import FULL_SPEED, Pace, make_plan
from fake_mlx.response_tap import ResponseTap

_READ_BYTES: Final = 64 * 1024
_DROPPED: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "expect"})


class Recorder:
    """Records what *upstream* answers into *folder*; *say* is told of each cassette's name."""

    def __init__(
        self, upstream: LiveServer, folder: Path, mode: Mode, say: Callable[[str], None]
    ) -> None:
        self._upstream = upstream
        self._folder = folder
        self._say = say
        self._library = load_library(folder) if _has_some(folder) else {}
        if mode == "rewrite":
            for name in self._library:
                (folder / f"{name}{SUFFIX}").unlink()
        self._recordings = Recordings(self._library, mode)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one request of one client."""
        with contextlib.suppress(ConnectionError):
            try:
                request = await _read_request(reader)
                if request:
                    await self._answer(request, reader, writer)
            except BadRequest as error:
                _reply(writer, error.status, error.reason)
            finally:
                writer.close()
                await writer.wait_closed()

    async def _answer(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        known = self._recordings.answer(request)
        if known:
            _replay(known, writer)
        elif self._recordings.may_record():
            await self._record(request, reader, writer)
        else:
            question = Question(request.method, request.path, body_of(request))
            _reply(writer, 599, explain_miss(self._library, question))

    async def _record(
        self, request: Request, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            source, drain = await self._upstream.connect()
        except Unreachable as error:
            _reply(writer, 502, f"the upstream cannot be reached: {error}")
            return
        drain.write(_forwarded(request, self._upstream))
        tap = ResponseTap(request, datetime.now(UTC))
        try:
            why, seconds = await _relay(source, reader, writer, tap)
        finally:
            # At once: to close TLS in peace would wait for a server that goes on talking.
            drain.transport.abort()
        name = self._recordings.name_for(request)
        save(tap.cassette(name, why, seconds), self._folder / f"{name}{SUFFIX}")
        self._say(name)


async def _read_request(reader: asyncio.StreamReader) -> Request | None:
    requests = RequestReader()
    while data := await reader.read(_READ_BYTES):
        whole = requests.feed(data)
        if whole:
            return whole[0]
    return None


async def _relay(
    source: asyncio.StreamReader,
    client: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    tap: ResponseTap,
) -> tuple[Why, float]:
    """Pass bytes on until one side ends; return why it ended, and when."""
    clock = asyncio.get_running_loop().time
    started = clock()
    async with asyncio.TaskGroup() as group:
        left = group.create_task(client.read(1))
        pump = group.create_task(
            _pump(source, writer, lambda data: tap.data(data, clock() - started))
        )
        await asyncio.wait({left, pump}, return_when=asyncio.FIRST_COMPLETED)
        why: Why = pump.result() if pump.done() else "client-closed"
        seconds = clock() - started
        left.cancel()
        pump.cancel()
    return why, seconds


async def _pump(
    source: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Callable[[bytes], None]
) -> Why:
    while True:
        try:
            data = await source.read(_READ_BYTES)
        except ConnectionError:
            return "reset"
        if not data:
            return "eof"
        writer.write(data)
        seen(data)
        try:
            await writer.drain()
        except ConnectionError:
            return "client-closed"


def _forwarded(request: Request, upstream: LiveServer) -> bytes:
    """Return the bytes of *request* for *upstream*, in one piece, its connection its own."""
    kept = [(n, v) for n, v in request.headers if n.lower() not in _DROPPED]
    if request.body or request.method == "POST":
        kept.append(("Content-Length", str(len(request.body))))
    lines = [f"{request.method} {upstream.base_path}{request.target} HTTP/1.1"]
    lines += [f"Host: {upstream.authority}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in kept]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + request.body


def _replay(cassette: Cassette, writer: asyncio.StreamWriter) -> None:
    """Write all of *cassette*; the end of the connection is its end."""
    plan = make_plan(cassette, Pace(FULL_SPEED))
    writer.write(b"".join(piece.data for piece in plan.pieces))


def _reply(writer: asyncio.StreamWriter, status: int, text: str) -> None:
    headers = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close")]
    writer.write(response_head("1.1", status, "Recorder", headers) + text.encode())


def _has_some(folder: Path) -> bool:
    return any(folder.rglob(f"*{SUFFIX}"))
