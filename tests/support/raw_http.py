"""Bytes to a server, as no HTTP library would send them; the bytes it answers."""

import asyncio
import json
from typing import Any, NamedTuple

EXCHANGE_SECONDS = 60.0


class Answer(NamedTuple):
    """What stands in the first answer of a connection; *rest* are bytes after its head."""

    status: int
    headers: dict[str, str]
    rest: bytes

    @property
    def code(self) -> str:
        """The code of our errors; empty where the answer is none."""
        try:
            body: Any = json.loads(self.rest)
            return str(body["error"]["code"])
        except (ValueError, TypeError, KeyError):
            return ""


async def exchange(port: int, data: bytes) -> bytes:
    """Send *data* and return all that comes until the server closes the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(EXCHANGE_SECONDS):
            writer.write(data)
            return await read_to_the_end(reader)
    finally:
        writer.close()


async def read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the connection ends, in whatever way it does."""
    received = bytearray()
    try:
        while piece := await reader.read(65536):
            received += piece
    except ConnectionError:
        pass
    return bytes(received)


def answer_of(received: bytes) -> Answer:
    head, _, rest = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("ascii").split("\r\n")
    headers = (line.partition(":") for line in lines)
    return Answer(
        status=int(first.split()[1]),
        headers={name.lower(): value.strip() for name, _, value in headers},
        rest=rest,
    )
