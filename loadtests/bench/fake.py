"""How punctual and how fast the fake is: a table on stdout.

Starts ``fake-mlx serve`` in a process of its own, lets it pace many streams at 20 ms a token, and
asks its journal when each token went out; does the same with a loop of nothing but sends, which is
what the machine can do at best; then takes a long stream at full speed, many times.
"""

import argparse
import asyncio
import contextlib
import json
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import targets

import cassettes

TOKEN_SECONDS: Final = 0.020
TOKENS: Final = 400
LOOK_SECONDS: Final = 0.2
LONG_TOKENS: Final = 20_000


async def take(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(request)
    body = b"".join([data async for data in _reads(reader)])
    writer.close()
    return body


async def _reads(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(1 << 20):
        yield data


def take_all(port: int, streams: int) -> None:
    """Take *streams* streams to their ends, looking now and then, to leave the fake its core."""
    request = targets.openai_request("paced", 0)
    clients = set()
    for _ in range(streams):
        client = socket.create_connection(("127.0.0.1", port))
        client.sendall(request)
        client.setblocking(False)
        clients.add(client)
        time.sleep(TOKEN_SECONDS / 20)
    while clients:
        time.sleep(LOOK_SECONDS)
        for client in list(clients):
            with contextlib.suppress(BlockingIOError):
                if not client.recv(1 << 16):
                    clients.discard(client)
                    client.close()


async def lateness(folder: Path, streams: int) -> list[float]:
    """Return how late each token of *streams* streams went out, in milliseconds, sorted."""
    with targets.fake(folder, "original") as upstream:
        await asyncio.to_thread(take_all, upstream.port, streams)
        close = b"GET /_fake/journal?stamps=1 HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n"
        entries = json.loads((await take(upstream.port, close)).partition(b"\r\n\r\n")[2])
    if len(entries) != streams:
        raise SystemExit(f"the journal has {len(entries)} of {streams} streams")
    return sorted(
        (sent - entry["started"] - number * TOKEN_SECONDS) * 1000
        for entry in entries
        for number, sent in enumerate(entry["sent_at"][:TOKENS], 1)
    )


async def bare_lateness(streams: int) -> list[float]:
    """Return p50, p99 and p100 of how late bare sends to as many clients are, in milliseconds."""
    with targets.bare_sends(streams, TOKENS, TOKEN_SECONDS) as (process, port):
        await asyncio.to_thread(take_all, port, streams)
        shown: list[float] = json.loads(process.communicate()[0])
    return shown


async def full_speed(folder: Path, times: int) -> float:
    """Return the events a second that one client takes, one long stream after the other."""
    with targets.fake(folder, "max") as upstream:
        request = upstream.request("long", 0)
        started = time.perf_counter()
        for _ in range(times):
            await take(upstream.port, request)
        return times * LONG_TOKENS / (time.perf_counter() - started)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def main(streams: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name, tokens in (("paced", TOKENS), ("long", LONG_TOKENS)):
            cassettes.write(folder, name, tokens, TOKEN_SECONDS)
        cassettes.stamp(folder)
        late = await lateness(folder, streams)
        bare = await bare_lateness(streams)
        speed = await full_speed(folder, 20)
    shown = {share: late[min(len(late) - 1, int(len(late) * share))] for share in (0.5, 0.99, 1)}
    say(f"streams at {TOKEN_SECONDS * 1000:.0f} ms a token   {streams}")
    say("lateness ms            " + ", ".join(f"p{s * 100:g} {v:.2f}" for s, v in shown.items()))
    named = zip((50, 99, 100), bare, strict=True)
    say("bare sends, the same   " + ", ".join(f"p{name} {value:.2f}" for name, value in named))
    say(f"full speed             {speed:,.0f} events/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    asyncio.run(main(parser.parse_args().streams))
