"""What a running relay says of its sinks: ``/readyz`` and the counters in ``/metrics``."""

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

PATIENCE_SECONDS = 30.0

_SAMPLE = re.compile(
    r'^mlx_relay_sink_(lost|failures)_total\{sink="([^"]+)"(?:,what="([^"]+)")?\} (\S+)$',
    re.MULTILINE,
)


async def counted(session: aiohttp.ClientSession, sink: str) -> dict[str, int]:
    """Return what the relay counted of *sink*: its ``failures``, and what it lost by name."""
    async with session.get("/metrics") as answer:
        assert answer.status == 200
        found = _SAMPLE.findall(await answer.text())
    return {what or "failures": int(float(value)) for _, name, what, value in found if name == sink}


async def wait_until_counted(
    session: aiohttp.ClientSession, sink: str, expected: dict[str, int]
) -> None:
    """Wait until *sink* has the counters *expected*; they come when its streams are closed."""
    now: dict[str, int] = {}
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while (now := await counted(session, sink)) != expected:
                pass
    except TimeoutError:
        raise AssertionError(f"{sink} has {now}, not {expected}") from None


async def wait_for_status(session: aiohttp.ClientSession, status: str) -> dict[str, Any]:
    """Wait until ``/readyz`` says *status*, and return what it says."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        async for state in _states(session):
            if state["status"] == status:
                return state
    raise AssertionError("unreachable")


async def _states(session: aiohttp.ClientSession) -> AsyncIterator[dict[str, Any]]:
    while True:
        async with session.get("/readyz") as answer:
            assert answer.status == 200
            yield await answer.json()
