"""How soon the relay closes an upstream that nobody needs any more: within 100 ms, at p99.

Each delay is an upper bound, by the one clock of the machine: from when the fake sent what decided
(or from when a deadline that starts there was over) until the fake saw the connection closed.
"""

import asyncio
import json
import random
import socket
import struct
import sys
import time
from bisect import bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Any, Final, NamedTuple

import aiohttp
import pytest

from integration.test_faults import CASES, Case, faulty, relay, session, settled_entries
from support.processes import Service
from support.relay import RelayService

__all__ = ["faulty", "relay", "session"]

pytestmark = pytest.mark.nightly

MOST_MS: Final = 100.0
REPEATS: Final = 10
LEAVES: Final = 40
DEADLINES: Final = {"response_head": 0.4, "first_event": 0.5, "next_event": 0.3, "total": 20}
STARTS_AT_THE_REQUEST: Final = {
    "header_timeout": "response_head",
    "no_progress": "first_event",
    "total": "total",
}
OF_A_SLOW_READER: Final = {"long_line"}
"""The fake waits for the relay here, so its last byte went out after the relay had decided."""

SILENT = ["hang", "stall@0", "stall@6", "comments@5", "endless@1", "dribble_head@50"]
RESET: Final = struct.pack("ii", 1, 0)


async def test_the_upstream_is_closed_soon_after_the_relay_has_decided(
    relay: RelayService, faulty: Service, session: aiohttp.ClientSession
) -> None:
    found = {}
    for case in CASES:
        if case.stays and case.fault not in OF_A_SLOW_READER:
            found[case.profile] = await delays_of(relay, faulty, session, case)
    check(found)


async def delays_of(
    relay: RelayService, faulty: Service, session: aiohttp.ClientSession, case: Case
) -> list[float]:
    deadlines = DEADLINES | ({"total": 0.6} if case.fault == "endless" else {})
    profile_id = await relay.add_profile(
        session,
        name=f"time.{case.profile}",
        host="127.0.0.1",
        port=faulty.port,
        model_path=case.model,
        deadlines=deadlines,
    )
    causes = [(await relay.chat(session, profile_id))[-1].get("detail", "") for _ in range(REPEATS)]
    entries = await settled_entries(faulty, case.model)
    assert len(entries) == REPEATS
    return [
        1000 * (entry["finished"] - decided(entry, cause, deadlines))
        for entry, cause in zip(entries, causes, strict=True)
    ]


def decided(entry: dict[str, Any], cause: str, deadlines: dict[str, float]) -> float:
    """Return the moment before which the relay cannot have decided to close."""
    if cause in STARTS_AT_THE_REQUEST:
        return float(entry["started"] + deadlines[STARTS_AT_THE_REQUEST[cause]])
    last = max([entry["started"], *entry["sent_at"]])
    return float(last + (deadlines["next_event"] if cause == "idle" else 0.0))


@pytest.mark.parametrize("how", ["fin", "reset"])
async def test_the_upstream_is_closed_soon_after_the_client_has_left(
    relay: RelayService, faulty: Service, session: aiohttp.ClientSession, how: str
) -> None:
    found, draw = {}, random.Random(how)
    for fault in SILENT:
        model = f"mlx_openai_server/hello!{fault}"
        profile_id = await relay.add_profile(
            session,
            name=f"left.{how}.{fault}".replace("@", "."),
            host="127.0.0.1",
            port=faulty.port,
            model_path=model,
        )
        stays = [draw.uniform(0, 0.1) for _ in range(LEAVES)]
        left = [await asyncio.to_thread(leave, relay, profile_id, stay, how) for stay in stays]
        entries = await settled_entries(faulty, model)
        found[fault] = delays_after(left, [e for e in entries if e["started"] >= left[0].asked])
    check(found)


class Left(NamedTuple):
    asked: float
    left: float


def leave(relay: RelayService, profile_id: int, stay: float, how: str) -> Left:
    """Ask, *stay* for so many seconds once the stream is open, and leave by FIN or by RST."""
    body = json.dumps({"profile_id": profile_id, "messages": [{"role": "user", "content": "Hi"}]})
    fields = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    fields["Content-Length"] = str(len(body))
    lines = [f"{name}: {value}" for name, value in (fields | relay.headers).items()]
    head = "\r\n".join(["POST /api/chat/completions HTTP/1.1", *lines, "", ""])
    with socket.create_connection(("127.0.0.1", relay.service.port), timeout=10) as connection:
        asked = time.monotonic()
        connection.sendall((head + body).encode())
        came = b""
        while b'"type":"start"' not in came:
            data = connection.recv(65536)
            assert data, came
            came += data
        time.sleep(stay)  # when the client leaves is what is drawn
        if how == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        left = time.monotonic()
    return Left(asked, left)


def delays_after(left: Sequence[Left], entries: Sequence[dict[str, Any]]) -> list[float]:
    """Return for each entry how many ms after its client it saw the relay leave."""
    moments = [one.asked for one in left]
    by_asked = [left[bisect_right(moments, entry["started"]) - 1] for entry in entries]
    assert len(by_asked) > len(left) / 2
    return [1000 * (e["finished"] - one.left) for e, one in zip(entries, by_asked, strict=True)]


def check(found: dict[str, list[float]]) -> None:
    """Print p50 and the most for each fault, and assert the p99 of all of them together."""
    for name, delays in found.items():
        sys.stderr.write(f"{name:56} p50 {median(delays):6.1f} ms  most {max(delays):6.1f} ms\n")
    every = sorted(delay for delays in found.values() for delay in delays)
    p99 = every[int(0.99 * len(every))]
    sys.stderr.write(f"{len(every)} closings: p50 {median(every):.1f} ms, p99 {p99:.1f} ms\n")
    assert p99 <= MOST_MS
