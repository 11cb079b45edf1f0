"""How punctual and how fast the fake is: a table on stdout.

Starts ``fake-mlx serve`` in a process of its own, lets it pace many streams at 20 ms a token, and
asks its journal when each token went out; then takes a long stream at full speed, many times.
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
from typing import Any, Final

TOKEN_SECONDS: Final = 0.020
TOKENS: Final = 400
LOOK_SECONDS: Final = 0.2
LONG_TOKENS: Final = 20_000
EVENT: Final = (
    'data: {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "m", "choices": '
    '[{"index": 0, "delta": {"content": "token "}, "finish_reason": null}]}\n\n'
)


def write_cassette(file: Path, tokens: int) -> None:
    """Write a stream of *tokens* at the pace of a model, stamped by the harness itself."""
    header = {
        "cast": 1,
        "name": file.name,
        "recorded_at": "2026-11-21T00:00:00Z",
        "source": {"server": "handmade"},
        "request": {"method": "POST", "path": "/v1/chat/completions", "headers": []},
        "response": {
            "status": 200,
            "reason": "OK",
            "http": "1.1",
            "framing": "chunked",
            "headers": [
                ["Content-Type", "text/event-stream"],
                ["Transfer-Encoding", "chunked"],
                ["Connection", "close"],
            ],
        },
        "bytes": 0,
        "sha256": "0" * 64,
    }
    records: list[dict[str, Any]] = [header, {"t": 0.0, "head": True}]
    records += [{"t": n * TOKEN_SECONDS, "s": EVENT} for n in range(1, tokens + 1)]
    records.append({"t": (tokens + 1) * TOKEN_SECONDS, "end": "eof"})
    file.write_text("".join(json.dumps(record) + "\n" for record in records))


@contextlib.asynccontextmanager
async def fake(folder: Path, speed: str) -> AsyncIterator[int]:
    """Run the fake on *folder*; yields its port."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "fake_mlx", "serve", "--port", "0"),
        *("--cassettes", str(folder), "--speed", speed),
        stdout=asyncio.subprocess.PIPE,
    )
    line = (await process.stdout.readline()).decode() if process.stdout else ""
    try:
        yield int(line.rpartition(":")[2])
    finally:
        process.terminate()
        await process.wait()


async def take(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    writer.write(request)
    body = b"".join([data async for data in _reads(reader)])
    writer.close()
    return body


async def _reads(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    while data := await reader.read(1 << 20):
        yield data


def chat(model: str) -> bytes:
    body = json.dumps({"model": model}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: fake\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def take_all(port: int, streams: int) -> None:
    """Take *streams* streams to their ends, looking now and then, to leave the fake its core."""
    request = chat("paced")
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
    async with fake(folder, "original") as port:
        await asyncio.to_thread(take_all, port, streams)
        close = b"GET /_fake/journal?stamps=1 HTTP/1.1\r\nHost: fake\r\nConnection: close\r\n\r\n"
        entries = json.loads((await take(port, close)).partition(b"\r\n\r\n")[2])
    if len(entries) != streams:
        raise SystemExit(f"the journal has {len(entries)} of {streams} streams")
    return sorted(
        (sent - entry["started"] - number * TOKEN_SECONDS) * 1000
        for entry in entries
        for number, sent in enumerate(entry["sent_at"], 1)
    )


async def full_speed(folder: Path, times: int) -> float:
    """Return the events a second that one client takes, one long stream after the other."""
    async with fake(folder, "max") as port:
        started = time.perf_counter()
        for _ in range(times):
            await take(port, chat("long"))
        return times * LONG_TOKENS / (time.perf_counter() - started)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


async def main(streams: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for stem, tokens in (("paced", TOKENS), ("long", LONG_TOKENS)):
            write_cassette(folder / f"{stem}.cast.jsonl", tokens)
        command = (sys.executable, "-m", "fake_mlx", "check", "--restamp", str(folder))
        stamping = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
        await stamping.wait()
        late = await lateness(folder, streams)
        speed = await full_speed(folder, 20)
    shown = {share: late[min(len(late) - 1, int(len(late) * share))] for share in (0.5, 0.99, 1)}
    say(f"streams at {TOKEN_SECONDS * 1000:.0f} ms a token   {streams}")
    say("lateness ms            " + ", ".join(f"p{s * 100:g} {v:.2f}" for s, v in shown.items()))
    say(f"full speed             {speed:,.0f} events/s")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=2000)
    asyncio.run(main(parser.parse_args().streams))
