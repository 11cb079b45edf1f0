"""An MLX server whose every word a test decides: it waits for a request, then says what it is told.

For tests that look at a stream while it runs: nothing depends on how fast the machine is.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from support.tcp import tcp_server

PATIENCE_SECONDS = 30.0
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n\r\n"


class Answer:
    """One chat request, and the stream that answers it."""

    def __init__(self, body: dict[str, Any], writer: asyncio.StreamWriter) -> None:
        self.body = body
        self.ended = asyncio.Event()
        self._writer = writer
        self._left = asyncio.Event()

    @property
    def messages(self) -> list[dict[str, Any]]:
        messages: list[dict[str, Any]] = self.body["messages"]
        return messages

    async def think(self, text: str) -> None:
        await self._delta({"reasoning_content": text})

    async def say(self, text: str) -> None:
        await self._delta({"content": text})

    async def call(self, name: str, **arguments: Any) -> None:
        function = {"name": name, "arguments": json.dumps(arguments)}
        call = {"index": 0, "id": "call_1", "type": "function", "function": function}
        await self._delta({"tool_calls": [call]})

    async def finish(self, reason: str = "stop", **usage: int) -> None:
        await self._chunk({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
        if usage:
            await self._chunk({"choices": [], "usage": usage})
        await self._send(b"data: [DONE]\n\n")
        self.ended.set()

    def cut(self) -> None:
        """End the stream without its end, as a server that died."""
        self.ended.set()

    async def left(self) -> None:
        """Wait until the relay has closed the connection."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self._left.wait()

    def note_left(self) -> None:
        self._left.set()
        self.ended.set()

    async def _delta(self, delta: dict[str, Any]) -> None:
        await self._chunk({"choices": [{"index": 0, "delta": delta, "finish_reason": None}]})

    async def _chunk(self, fields: dict[str, Any]) -> None:
        chunk = {"id": "x", "object": "chat.completion.chunk", "model": "scripted", **fields}
        await self._send(b"data: %s\n\n" % json.dumps(chunk).encode())

    async def _send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()


class ScriptedModel:
    """The server; ``asked`` hands over its requests in the order in which they came."""

    def __init__(self) -> None:
        self.port = 0
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def asked(self) -> Answer:
        """Wait for the next chat request."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self._answers.get()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"POST"):
            writer.write(_HEAD % b"application/json" + b'{"object":"list","data":[]}')
            return
        answer = Answer(json.loads(await _read_body(head, reader)), writer)
        writer.write(_HEAD % b"text/event-stream")
        self._answers.put_nowait(answer)
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(reader, answer))
            await answer.ended.wait()
            watch.cancel()


async def _read_body(head: bytes, reader: asyncio.StreamReader) -> bytes:
    fields = dict(line.lower().split(b": ", 1) for line in head.strip().split(b"\r\n")[1:])
    return await reader.readexactly(int(fields[b"content-length"]))


async def _watch(reader: asyncio.StreamReader, answer: Answer) -> None:
    with suppress(ConnectionError):
        await reader.read()
    answer.note_left()


@asynccontextmanager
async def scripted_model() -> AsyncIterator[ScriptedModel]:
    model = ScriptedModel()
    async with tcp_server(model.serve) as model.port:
        yield model
