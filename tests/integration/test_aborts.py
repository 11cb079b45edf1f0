"""Clients that leave at random moments: every upstream is closed, and nothing of them is left.

They leave with half a request sent, while they queue, while the upstream is silent or talks, by FIN
or by RST. More of them come at once than the profile has places.
"""

import asyncio
import json
import random
import socket
import struct
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

import aiohttp
import pytest

from integration.conftest import CASSETTES
from integration.test_faults import until
from support.processes import Service, running
from support.relay import RelayService, relay_service

PLACES: Final = 8
AT_ONCE: Final = 16
WARM_UP: Final = 40
MOST_STAY_SECONDS: Final = 0.15
MOST_MS: Final = 100.0
RESET: Final = struct.pack("ii", 1, 0)

MODELS: Final = [
    f"mlx_openai_server/hello{fault}"
    for fault in ("", "!endless@1", "!comments@5", "!hang", "!stall@0", "!stall@6")
]


class Abort(NamedTuple):
    """How one client leaves: after *stay* seconds, with a *share* of its request sent."""

    name: str
    profile_id: int
    share: float
    stay: float
    by_reset: bool


@pytest.fixture(scope="module")
def paced(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("fake_mlx", "serve", "--port", "0", "--cassettes", str(CASSETTES)) as service:
        yield service


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    """A relay whose open files are those of these clients, with room for few of them."""
    env = {"MLX_RELAY_MAX_STREAMS": "64", "MLX_RELAY_MAX_QUEUED_PER_USER": "0"}
    with relay_service(tmp_path_factory.mktemp("aborts"), env=env) as service:
        yield service


async def test_a_hundred_aborts_leave_nothing_behind(relay: RelayService, paced: Service) -> None:
    await abort_and_check(relay, paced, 100)


@pytest.mark.nightly
async def test_a_thousand_aborts_close_their_upstreams_soon_and_leave_nothing_behind(
    relay: RelayService, paced: Service
) -> None:
    delays = sorted(await abort_and_check(relay, paced, 1000))
    p99 = delays[int(0.99 * len(delays))]
    sys.stderr.write(f"{len(delays)} closings: p50 {median(delays):.1f} ms, p99 {p99:.1f} ms\n")
    assert p99 <= MOST_MS


async def abort_and_check(relay: RelayService, paced: Service, count: int) -> list[float]:
    """Let *count* clients leave; return after how many ms each upstream was seen closed."""
    async with relay.session() as session:
        profiles = await add_profiles(relay, session, paced, f"{count}")
        await abort_all(relay, profiles, WARM_UP)
        await settle(relay, session)
        base_line = open_sockets(relay.service.process.pid)
        left = await abort_all(relay, profiles, count)
        await settle(relay, session)
        entries = await settled(paced, set(left))
        assert len(entries) > count / 4
        assert len({name_of(entry) for entry in entries}) == len(entries), "one was asked twice"
        await until(lambda: is_at_most(relay, base_line))
        await check_places(relay, session, profiles[1])
    return [1000 * (entry["finished"] - left[name_of(entry)]) for entry in entries]


async def add_profiles(
    relay: RelayService, session: aiohttp.ClientSession, paced: Service, prefix: str
) -> list[int]:
    return [
        await relay.add_profile(
            session,
            name=f"{prefix} {number}",
            host="127.0.0.1",
            port=paced.port,
            model_path=model,
            max_streams=PLACES if number else 2,
        )
        for number, model in enumerate(MODELS)
    ]


async def abort_all(relay: RelayService, profiles: Sequence[int], count: int) -> dict[str, float]:
    """Return when each client left, on the machine's monotonic clock."""
    draw = random.Random(count)
    waiting = [
        Abort(
            f"abort {number} of {count}",
            draw.choice(profiles),
            draw.choice((1.0, 1.0, 1.0, draw.random())),
            draw.uniform(0, MOST_STAY_SECONDS),
            draw.random() < 0.5,
        )
        for number in range(count)
    ]
    left: dict[str, float] = {}

    async def work() -> None:
        while waiting:
            abort = waiting.pop()
            left[abort.name] = await leave(relay, abort)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return left


async def leave(relay: RelayService, abort: Abort) -> float:
    request = request_of(relay, abort)
    _, writer = await asyncio.open_connection("127.0.0.1", relay.service.port)
    writer.write(request[: round(abort.share * len(request))])
    await asyncio.sleep(abort.stay)  # when the client leaves is what is drawn
    if abort.by_reset:
        connection: socket.socket = writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    left = time.monotonic()
    writer.transport.abort()
    return left


def request_of(relay: RelayService, abort: Abort) -> bytes:
    messages = [{"role": "user", "content": abort.name}]
    body = json.dumps({"profile_id": abort.profile_id, "messages": messages}).encode()
    head = (
        "POST /api/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {relay.headers['Authorization']}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def settle(relay: RelayService, session: aiohttp.ClientSession) -> None:
    """Wait until the relay has no stream."""

    async def is_idle() -> bool:
        async with session.get("/metrics") as answer:
            lines = (await answer.text()).splitlines()
        active = [line for line in lines if line.startswith("mlx_relay_active_streams{")]
        return all(line.endswith(" 0.0") for line in active)

    await until(is_idle)


async def settled(paced: Service, names: set[str]) -> list[dict[str, Any]]:
    """Return the journal's entries of the clients called *names*, once all are over."""

    async def entries() -> list[dict[str, Any]]:
        async with (
            aiohttp.ClientSession() as direct,
            direct.get(f"{paced.url}/_fake/journal") as answer,
        ):
            journal = json.loads(await answer.text())
        ours = [e for e in journal if e["method"] == "POST" and name_of(e) in names]
        return [] if any(entry["state"] == "streaming" for entry in ours) else ours

    found: list[dict[str, Any]] = await until(entries)
    return found


def name_of(entry: dict[str, Any]) -> str:
    return str(entry["body"]["messages"][-1]["content"])


async def is_at_most(relay: RelayService, count: int) -> bool:
    return open_sockets(relay.service.process.pid) <= count


def open_sockets(pid: int) -> int:
    """Return how many sockets the process has open: files the database opens as it needs them."""
    found, folder = 0, Path(f"/proc/{pid}/fd")
    for file in folder.iterdir() if folder.is_dir() else ():
        with suppress(FileNotFoundError):  # closed in between
            found += file.readlink().name.startswith("socket:")
    return found


async def check_places(
    relay: RelayService, session: aiohttp.ClientSession, profile_id: int
) -> None:
    """Assert that all places are free: that many streams speak, and the next one has to queue."""
    request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
    answers = [await session.post("/api/chat/completions", json=request) for _ in range(PLACES + 1)]
    try:
        for answer in answers[:-1]:
            await read_until(answer, b'"type":"response"')
        await read_until(answers[-1], b'"phase":"queued","position":1')
    finally:
        for answer in answers:
            answer.close()
    await settle(relay, session)


async def read_until(answer: aiohttp.ClientResponse, words: bytes) -> None:
    async with asyncio.timeout(10):
        while words not in await answer.content.readuntil(b"\n\n"):
            pass
