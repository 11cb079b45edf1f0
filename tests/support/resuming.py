"""Clients of a resumable stream, which break off and come back for the rest."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from support.processes import Service, running
from support.relay import Events, RelayService, relay_service, text_of, types_of

CASSETTES = ("mlx_lm/cjk_hello", "mlx_lm/haiku", "mlx_lm/expect_continue", "mlx_lm/japanese")
"""Recordings with thinking and text, of some tenths of a second."""

AT_ONCE = 8
HELLO = [{"role": "user", "content": "Hello!"}]


class Numbered(NamedTuple):
    number: int
    event: dict[str, Any]


async def read_events(
    answer: aiohttp.ClientResponse, count: int | None = None
) -> AsyncIterator[Numbered]:
    """Yield *count* events, or all; asserts that each has the next number."""
    number = None
    taken = 0
    async for line in answer.content:
        if line.startswith(b"id: "):
            number = int(line[4:])
        elif line.startswith(b"data: "):
            assert number is not None, line
            yield Numbered(number, json.loads(line[6:]))
            taken += 1
            if taken == count:
                return


async def take(answer: aiohttp.ClientResponse, count: int | None = None) -> list[Numbered]:
    return [one async for one in read_events(answer, count)]


@asynccontextmanager
async def begin(
    session: aiohttp.ClientSession, profile_id: int, **fields: Any
) -> AsyncIterator[aiohttp.ClientResponse]:
    """Post a resumable chat; asserts that its stream opens."""
    form = {"profile_id": profile_id, "messages": HELLO, "resumable": True, **fields}
    async with session.post("/api/chat/completions", json=form) as answer:
        assert answer.status == 200, await answer.text()
        yield answer


@asynccontextmanager
async def come_back(
    session: aiohttp.ClientSession, stream_id: str, after: int | str | None
) -> AsyncIterator[aiohttp.ClientResponse]:
    headers = {} if after is None else {"Last-Event-ID": str(after)}
    async with session.get(f"/api/chat/streams/{stream_id}", headers=headers) as answer:
        yield answer


@contextmanager
def two_relays(folder: Path, redis_url: str, **env: str) -> Iterator[list[RelayService]]:
    """Run two relays that share a database and a Redis."""
    shared = {
        "MLX_RELAY_DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'shared.db'}",
        "MLX_RELAY_REDIS_URL": redis_url,
        "MLX_RELAY_SIGNING_KEY_FILE": str(folder / "signing.key"),
        "MLX_RELAY_DRAIN_SECONDS": "0",
        **env,
    }
    with relay_service(folder / "one", env=shared) as one:
        other_env = {**shared, "MLX_RELAY_DATA_DIR": str(folder / "other")}
        with running("mlx_relay", "serve", "--port", "0", env=other_env) as service:
            token = one.headers["Authorization"].removeprefix("Bearer ")
            yield [one, RelayService(service, folder / "other", token)]


async def stop(session: aiohttp.ClientSession, stream_id: str) -> int:
    async with session.post(f"/api/chat/streams/{stream_id}/stop", json={}) as answer:
        return answer.status


async def read_with_breaks(
    sessions: Sequence[aiohttp.ClientSession], profile_id: int, chance: random.Random
) -> tuple[list[Numbered], int]:
    """Read one stream, breaking off after each few events to come back to any of *sessions*.

    Return its events, and how often the stream was left.
    """
    async with begin(chance.choice(sessions), profile_id) as answer:
        events = await take(answer, chance.randint(1, 12))
        answer.close()
    breaks = 0
    stream_id = events[0].event["stream_id"]
    while events[-1].event["type"] not in ("done", "error"):
        breaks += 1
        async with come_back(chance.choice(sessions), stream_id, events[-1].number) as answer:
            assert answer.status == 200, await answer.text()
            events += await take(answer, chance.randint(1, 12))
            answer.close()
    return events, breaks


async def break_off_at_random(
    relays: Sequence[RelayService], fake: Service, *, breaks: int, seed: int
) -> int:
    """Read streams so until they were left *breaks* times or more; return how many they were.

    Each must give every event once, in its order, and together the texts of its recording.
    """
    async with AsyncExitStack() as stack:
        sessions = [await stack.enter_async_context(relay.session()) for relay in relays]
        whole = [
            await _profile_of(relays[0], sessions[0], fake, name, f"{name} {seed}")
            for name in CASSETTES
        ]
        left = 0
        number = 0
        while left < breaks:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(_check_one(sessions, *whole[one % len(whole)], seed, one))
                    for one in range(number, number + AT_ONCE)
                ]
            number += AT_ONCE
            left += sum(task.result() for task in tasks)
    return number


async def _profile_of(
    relay: RelayService, session: aiohttp.ClientSession, fake: Service, model: str, name: str
) -> tuple[int, Events]:
    """Return a profile that plays the cassette *model*, and what it says to who stays."""
    place = {"host": "127.0.0.1", "port": fake.port, "model_path": model}
    profile_id = await relay.add_profile(session, name=name, **place)
    return profile_id, await relay.chat(session, profile_id)


async def _check_one(
    sessions: Sequence[aiohttp.ClientSession],
    profile_id: int,
    whole: Events,
    seed: int,
    number: int,
) -> int:
    """Return how often the stream was left."""
    chance = random.Random(f"{seed} {number}")
    read, breaks = await read_with_breaks(sessions, profile_id, chance)
    assert [one.number for one in read] == list(range(1, len(read) + 1)), (seed, number)
    events = [one.event for one in read]
    for kind in ("thinking", "response"):
        assert text_of(events, kind) == text_of(whole, kind), (seed, number)
    assert [kind for kind in types_of(events) if kind != "status"] == types_of(whole)
    return breaks
