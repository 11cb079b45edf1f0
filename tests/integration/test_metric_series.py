"""Whatever a client makes up, the number of metric series stays."""

from pathlib import Path
from typing import Any

import aiohttp

from support.processes import Service
from support.prometheus import metrics_with
from support.relay import RelayService, relay_service

REQUESTS = 5000
"""Each with a made-up model, user, header name and header value: 20,000 values."""

CHATS = 50
HELLO = {"messages": [{"role": "user", "content": "Hello!"}]}


async def series(session: aiohttp.ClientSession, *, streams: int) -> int:
    """Return how many series there are once *streams* have ended."""
    ended = f'mlx_relay_streams_total{{outcome="done",profile="p"}} {streams}.0'
    return sum(1 for line in await metrics_with(session, ended) if not line.startswith("#"))


async def send(session: aiohttp.ClientSession, number: int, **body: Any) -> int:
    """Post a chat with made-up headers; return the status."""
    headers = {f"X-Made-Up-{number}": f"value-{number}", "User-Agent": f"agent-{number}"}
    async with session.post("/api/chat/completions", json=body, headers=headers) as answer:
        await answer.read()
        return answer.status


async def chat_once(relay: RelayService, session: aiohttp.ClientSession, fake: Service) -> int:
    profile_id = await relay.add_profile(
        session, name="p", host="127.0.0.1", port=fake.port, model_path="mlx_lm/hello"
    )
    await relay.chat(session, profile_id)
    return profile_id


async def test_made_up_models_users_and_headers_add_no_series(
    fake: Service, tmp_path: Path
) -> None:
    with relay_service(tmp_path) as relay:
        async with relay.session() as session:
            profile_id = await chat_once(relay, session, fake)
            before = await series(session, streams=1)
            for number in range(REQUESTS):
                names = {"model": f"model-{number}", "user": f"user-{number}"}
                status = await send(session, number, profile_id=profile_id, **names, **HELLO)
                assert status == 422
            for number in range(CHATS):
                assert await send(session, number, profile_id=profile_id, **HELLO) == 200
                assert await send(session, number, profile_id=10_000 + number, **HELLO) == 404
            assert await series(session, streams=1 + CHATS) == before
