"""The live samples of a real service: what they say, who may watch, and when a watch ends."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiohttp

from mlx_relay.web.metrics_watchers import MAX_WATCHERS
from support.processes import Service
from support.relay import RelayService, relay_service

PATH = "/api/metrics/stream"
PATIENCE_SECONDS = 30


async def samples(answer: aiohttp.ClientResponse) -> AsyncIterator[dict[str, Any]]:
    assert answer.status == 200
    async for line in answer.content:
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


async def status_of_a_watch(session: aiohttp.ClientSession) -> int:
    async with session.get(PATH) as answer:
        return answer.status


async def test_samples_show_a_chat_and_end_with_the_service(fake: Service, tmp_path: Path) -> None:
    with relay_service(tmp_path, env={"MLX_RELAY_SINKS": "sse"}) as relay:
        async with relay.session() as session, session.get(PATH) as answer:
            profile_id = await relay.add_profile(
                session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
            )
            await relay.chat(session, profile_id)
            async for sample in samples(answer):
                if sample["outcomes"]["done"] == 1:
                    break
            assert sample["first_event_p50"] > 0
            assert sample["memory_bytes"] > 0
            relay.service.process.terminate()
            async with asyncio.timeout(PATIENCE_SECONDS):
                await answer.read()
        assert relay.service.process.wait(PATIENCE_SECONDS) == 0


async def test_who_leaves_makes_room(relay: RelayService) -> None:
    async with relay.session() as session:
        async with AsyncExitStack() as stack:
            for _ in range(MAX_WATCHERS):
                answer = await stack.enter_async_context(session.get(PATH))
                assert answer.status == 200
            assert await status_of_a_watch(session) == 503
        async with asyncio.timeout(PATIENCE_SECONDS):
            while await status_of_a_watch(session) == 503:
                pass
