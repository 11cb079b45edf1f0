"""Clients that send a request and take their time: others are served, the slow ones cut off."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from support.raw_http import answer_of, read_to_the_end
from support.relay import RelayService

DROP_SECONDS = 0.5
NORMAL_REQUESTS = 300
GRACE_SECONDS = 1.0


@dataclass(frozen=True)
class Mode:
    """How a client is slow: what it sends at once, and, drop by drop, for ever after."""

    name: str
    begin: bytes
    drop: bytes
    limit_seconds: float
    status: int | None
    """What it is told when its time is over; None: its connection ends without a word."""


LOGIN = (
    b"POST /api/auth/login HTTP/1.1\r\nHost: localhost\r\n"
    b"Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
)
HEAD = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: "
SILENT_BODY = Mode("a body that stops", LOGIN, b"", 5.0, 408)
DRIPPING_BODY = Mode("a body drop by drop", LOGIN, b" ", 5.0, 408)
SILENT_HEAD = Mode("a head that stops", HEAD, b"", 15.0, None)
DRIPPING_HEAD = Mode("a head drop by drop", HEAD, b"x", 15.0, None)
NOTHING = Mode("nothing", b"", b"", 15.0, None)


def chat_mode(relay: RelayService) -> Mode:
    head = (
        "POST /api/chat/completions HTTP/1.1\r\nHost: localhost\r\n"
        f"Authorization: {relay.headers['Authorization']}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    return Mode("a chat drop by drop", head.encode(), b" ", 30.0, 408)


async def send_slowly(port: int, mode: Mode) -> tuple[Mode, float, bytes]:
    """Return what came, and after how many seconds the connection was over."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    started = time.monotonic()
    writer.write(mode.begin)
    async with asyncio.TaskGroup() as group:
        dripping = group.create_task(_drip(writer, mode.drop))
        received = await read_to_the_end(reader)
        dripping.cancel()
    writer.close()
    return mode, time.monotonic() - started, received


async def _drip(writer: asyncio.StreamWriter, drop: bytes) -> None:
    while drop:
        await asyncio.sleep(DROP_SECONDS)
        writer.write(drop)


@asynccontextmanager
async def slow_senders(
    relay: RelayService, modes: list[Mode]
) -> AsyncIterator[list[asyncio.Task[tuple[Mode, float, bytes]]]]:
    """Send slowly in all *modes* at once; leaves when all of them are gone."""
    async with asyncio.TaskGroup() as group:
        yield [group.create_task(send_slowly(relay.service.port, mode)) for mode in modes]


async def normal_requests(relay: RelayService, count: int) -> list[float]:
    """Return how many seconds each of *count* requests took; asserts that all are answered."""
    seconds = []
    async with relay.session() as session:
        for _ in range(count):
            started = time.monotonic()
            async with session.get("/api/auth/me") as answer:
                assert answer.status == 200
            seconds.append(time.monotonic() - started)
    return seconds


def assert_told(results: list[tuple[Mode, float, bytes]]) -> None:
    for mode, _, received in results:
        status = answer_of(received).status if received else None
        assert status == mode.status, mode.name


async def test_slow_senders_keep_nobody_waiting_and_are_all_cut_off(relay: RelayService) -> None:
    modes = [SILENT_BODY, DRIPPING_BODY] * 20
    async with slow_senders(relay, modes) as tasks:
        await normal_requests(relay, 50)
    assert_told([task.result() for task in tasks])


@pytest.mark.nightly
async def test_500_slow_senders_are_gone_at_their_limit_and_do_not_slow_others(
    relay: RelayService,
) -> None:
    idle = percentile_99(await normal_requests(relay, NORMAL_REQUESTS))
    modes = [SILENT_BODY, DRIPPING_BODY, SILENT_HEAD, DRIPPING_HEAD, NOTHING, chat_mode(relay)]
    async with slow_senders(relay, (modes * 84)[:500]) as tasks:
        busy = percentile_99(await normal_requests(relay, NORMAL_REQUESTS))
    results = [task.result() for task in tasks]
    assert_told(results)
    late = {mode.name: s for mode, s, _ in results if s > mode.limit_seconds + GRACE_SECONDS}
    assert late == {}
    assert busy <= 2 * idle + 0.005, (idle, busy)


def percentile_99(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.99)]
