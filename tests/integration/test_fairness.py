"""Queues, limits and a dead upstream, through the real relay: nobody is starved, nobody waits in
vain, and streams that run are left alone."""

import asyncio
import json
import re
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from support.held_model import HEAD, HeldModel, held_model
from support.relay import RelayService, command, relay_service
from support.tcp import tcp_server

MAX_STREAMS = 6
MAX_QUEUED = 3
MAX_QUEUED_PER_USER = 2


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    limits = {
        "MLX_RELAY_MAX_STREAMS": str(MAX_STREAMS),
        "MLX_RELAY_MAX_QUEUED": str(MAX_QUEUED),
        "MLX_RELAY_MAX_QUEUED_PER_USER": str(MAX_QUEUED_PER_USER),
    }
    with relay_service(tmp_path_factory.mktemp("narrow"), env=limits) as service:
        yield service


@pytest.fixture(scope="module")
def bob(narrow: RelayService) -> dict[str, str]:
    """The headers of another user."""
    env = {"MLX_RELAY_DATA_DIR": str(narrow.data_dir)}
    command(env, "user", "add", "bob", "--password-stdin", stdin="battery staple\n")
    secret = json.loads(command(env, "key", "add", "bob", "tests", "--json"))["secret"]
    return {"Authorization": f"Bearer {secret}"}


class Stream:
    """One open chat; its events are read one by one."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self.status = answer.status
        self.headers = answer.headers
        self._answer = answer

    async def event(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            while True:
                line = await self._answer.content.readline()
                assert line, "the stream ended"
                if line.startswith(b"data: "):
                    event: dict[str, Any] = json.loads(line[6:])
                    return event

    async def until(self, **fields: Any) -> list[dict[str, Any]]:
        """Read on to an event with these *fields*; return all up to it."""
        events = [await self.event()]
        while not events[-1].items() >= fields.items():
            events.append(await self.event())
        return events

    async def error_code(self) -> str:
        body = await self._answer.json()
        return str(body["error"]["code"])

    def leave(self) -> None:
        self._answer.close()


class Chats:
    """Chats with one profile, by the session of its administrator."""

    def __init__(self, session: aiohttp.ClientSession, profile_id: int, profile: str) -> None:
        self.profile_id = profile_id
        self.profile = profile
        self._session = session
        self._streams: list[Stream] = []

    async def open(self, prompt: str = "hi", headers: dict[str, str] | None = None) -> Stream:
        request = {
            "profile_id": self.profile_id,
            "messages": [{"role": "user", "content": prompt}],
        }
        answer = await self._session.post("/api/chat/completions", json=request, headers=headers)
        self._streams.append(Stream(answer))
        return self._streams[-1]

    async def queue(self, place: int, headers: dict[str, str] | None = None) -> Stream:
        """Open a chat that waits in *place*, which is also its prompt's end."""
        stream = await self.open(f"queued {place}", headers)
        await stream.until(type="status", phase="queued", position=place)
        return stream

    async def queued_streams(self) -> float:
        """Return what the metrics say of this profile's queue."""
        async with self._session.get("/metrics") as answer:
            text = await answer.text()
        name = rf'^mlx_relay_queued_streams\{{profile="{self.profile}"\}} (\S+)$'
        found = re.search(name, text, re.MULTILINE)
        return float(found[1]) if found else 0.0

    def leave(self) -> None:
        for stream in self._streams:
            stream.leave()


@asynccontextmanager
async def chats(
    relay: RelayService, model: HeldModel, name: str, **fields: Any
) -> AsyncIterator[Chats]:
    async with relay.session() as session:
        profile_id = await relay.add_profile(
            session, name=name, host="127.0.0.1", port=model.port, model_path="m", **fields
        )
        opened = Chats(session, profile_id, name)
        try:
            yield opened
        finally:
            opened.leave()
            await nothing_runs(session)


async def nothing_runs(session: aiohttp.ClientSession) -> None:
    """Wait until the relay has noticed that everybody left."""
    async with asyncio.timeout(30):
        while True:
            async with session.get("/metrics") as answer:
                active = re.findall(
                    r"^mlx_relay_active_streams\{.*\} (\S+)$", await answer.text(), re.MULTILINE
                )
            if not any(map(float, active)):
                return


async def test_who_waits_is_told_the_place_and_when_it_changes(narrow: RelayService) -> None:
    async with held_model() as model, chats(narrow, model, "places", max_streams=1) as door:
        first = await door.open()
        running = await model.next()
        second, third = await door.queue(1), await door.queue(2)
        assert await door.queued_streams() == 2
        assert model.count == 1
        running.finish()
        await first.until(type="done")
        await second.until(type="status", phase="waiting")
        assert (await third.event()) == {"type": "status", "phase": "queued", "position": 1}
        (await model.next()).finish()
        assert [event["type"] for event in await second.until(type="done")] == ["response", "done"]
        (await model.next()).finish()
        await third.until(type="done")
        assert await door.queued_streams() == 0


async def test_users_take_turns_whoever_came_first(
    narrow: RelayService, bob: dict[str, str]
) -> None:
    async with held_model() as model, chats(narrow, model, "turns", max_streams=1) as door:
        await door.open("ada 0")
        running = await model.next()
        await (await door.open("ada 1")).until(position=1)
        late = await door.open("ada 2")
        await late.until(position=2)
        await (await door.open("bob 1", bob)).until(position=2)
        await late.until(position=3)
        served = []
        for _ in range(3):
            running.finish()
            running = await model.next()
            served.append(running.prompt)
        running.finish()
        assert served == ["ada 1", "bob 1", "ada 2"]


async def test_who_leaves_the_queue_frees_the_place_at_once(narrow: RelayService) -> None:
    async with held_model() as model, chats(narrow, model, "leaving", max_streams=1) as door:
        await door.open()
        running = await model.next()
        second, third = await door.queue(1), await door.queue(2)
        second.leave()
        await third.until(type="status", position=1)
        running.finish()
        assert (await model.next()).prompt == "queued 2"
        assert model.count == 2


async def test_over_the_queue_a_request_is_refused_before_its_stream_opens(
    narrow: RelayService, bob: dict[str, str]
) -> None:
    async with held_model() as model, chats(narrow, model, "full", max_streams=1) as door:
        await door.open()
        running = await model.next()
        waiting = [await door.queue(1), await door.queue(2)]
        refused = await door.open()
        assert (refused.status, await refused.error_code()) == (429, "rate_limited")
        waiting.append(await door.queue(2, bob))
        refused = await door.open(headers=bob)
        assert (refused.status, await refused.error_code()) == (503, "unavailable")
        assert int(refused.headers["Retry-After"]) > 0
        running.finish()
        for _ in waiting:
            (await model.next()).finish()
        for stream in waiting:
            await stream.until(type="done")
        assert model.count == 1 + len(waiting)


async def test_at_capacity_newcomers_are_shed_and_running_streams_are_left_alone(
    narrow: RelayService,
) -> None:
    async with held_model() as model, chats(narrow, model, "shed") as door:
        running = [await door.open() for _ in range(MAX_STREAMS)]
        held = [await model.next() for _ in running]
        for _ in range(20):
            refused = await door.open()
            assert (refused.status, await refused.error_code()) == (503, "unavailable")
            assert int(refused.headers["Retry-After"]) > 0
        for one in held:
            one.finish()
        for stream in running:
            await stream.until(type="done")
        assert model.count == MAX_STREAMS


async def test_a_deadline_does_not_run_while_a_stream_waits(narrow: RelayService) -> None:
    deadlines = {"total": 1.0}
    async with (
        held_model() as model,
        chats(narrow, model, "patience", max_streams=1, deadlines=deadlines) as door,
    ):
        first = await door.open()
        running = await model.next()
        running.say(HEAD)
        second = await door.queue(1)
        assert (await first.until(type="error"))[-1]["detail"] == "total"
        (await model.next()).finish()
        await second.until(type="done")


async def test_a_dead_server_is_left_alone_and_shown_as_down(narrow: RelayService) -> None:
    tried = 0

    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal tried
        tried += 1
        await reader.readuntil(b"\r\n\r\n")

    model = HeldModel()
    async with tcp_server(hang_up) as model.port, chats(narrow, model, "dead") as door:
        causes = []
        for _ in range(12):
            (last,) = (await (await door.open()).until(type="error"))[-1:]
            assert (last["code"], last["retryable"]) == ("upstream_unreachable", True)
            causes.append(last["detail"])
        assert causes.count("closed") == tried < 12
        assert set(causes) == {"closed", "breaker_open"}
        async with narrow.session() as session, session.get("/api/profiles") as answer:
            (shown,) = [one for one in await answer.json() if one["name"] == "dead"]
        assert (shown["status"], shown["cause"]) == ("down", "closed")
        assert shown["retry_at"].endswith("Z")


async def test_a_chat_is_sent_once_however_the_server_fails(narrow: RelayService) -> None:
    async with held_model() as model, chats(narrow, model, "once") as door:
        for number, failure in enumerate((b"", b"HTTP/1.1 200", b"HTTP/1.1 503 Busy\r\n\r\n"), 1):
            stream = await door.open()
            held = await model.next()
            held.say(failure)
            held.hang_up()
            await stream.until(type="error")
            assert model.count == number


async def test_one_failure_keeps_nobody_from_a_server_that_comes_back(
    narrow: RelayService,
) -> None:
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        model = HeldModel()
        model.port = away.getsockname()[1]
        async with chats(narrow, model, "back") as door:
            (last,) = (await (await door.open()).until(type="error"))[-1:]
            assert (last["code"], last["detail"]) == ("upstream_unreachable", "refused")
            async with tcp_server(model.handle, bound=away):
                stream = await door.open()
                (await model.next()).finish()
                await stream.until(type="done")
