"""Clients that leave in the middle of a write leave no lock behind."""

import asyncio
import random
from pathlib import Path

import aiohttp

from support.relay import RelayService, relay_service

ROUNDS = 100
WRITERS = 4


async def put_and_leave(relay: RelayService, url: str, seconds: float) -> None:
    """Send writes and break their connections after *seconds*."""

    async def put(session: aiohttp.ClientSession) -> None:
        async with session.put(url, json={"role": "user", "content": "x"}) as answer:
            await answer.read()

    async with relay.session() as session:
        tasks = [asyncio.ensure_future(put(session)) for _ in range(WRITERS)]
        await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_database_can_be_written_after_many_writers_left(tmp_path: Path) -> None:
    draw = random.Random(1)
    with relay_service(tmp_path) as relay:
        async with relay.session() as session:
            async with session.post("/api/conversations", json={"title": "x"}) as answer:
                conversation = (await answer.json())["id"]
            url = f"/api/conversations/{conversation}/messages/0"
            for _ in range(ROUNDS):
                await put_and_leave(relay, url, draw.random() * 0.03)
            async with session.post("/api/conversations", json={"title": "y"}) as answer:
                assert answer.status == 201, await answer.text()
