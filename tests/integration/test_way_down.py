"""The way down under load: who can end does, who cannot is told, and the log knows of all."""

import asyncio
import json
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from integration.test_stalled_readers import flat_out, stalled
from support.held_upstream import HeldUpstream, held_upstream
from support.processes import Service, running
from support.relay import RelayService, command, events_of, relay_service

PATIENCE = 60
CASSETTES = Path(__file__).resolve().parents[1] / "cassettes"
SHUTTING_DOWN = ("error", "shutting_down")
Answers = list[aiohttp.ClientResponse]


class Clients:
    """Many people, each with a connection of their own, before one relay."""

    def __init__(self, relay: RelayService, session: aiohttp.ClientSession) -> None:
        self.relay = relay
        self.session = session

    async def open(self, port: int, count: int, until: bytes = b'"type":"start"') -> Answers:
        """Open *count* streams from the server on *port*, each as far as *until*."""
        profile_id = await self.relay.add_profile(
            self.session, name=f"p{port}", host="127.0.0.1", port=port, model_path="mlx_lm/haiku"
        )
        return await asyncio.gather(*(self._open_one(profile_id, until) for _ in range(count)))

    async def ask(self, profile_id: int = 1) -> aiohttp.ClientResponse:
        request = {"profile_id": profile_id, "messages": [{"role": "user", "content": "Hello!"}]}
        return await self.session.post("/api/chat/completions", json=request)

    async def statuses(self, *paths: str) -> list[int]:
        """Return how each of *paths* is answered, over new connections."""
        found = []
        for path in paths:
            async with self.session.get(path) as answer:
                found.append(answer.status)
        return found

    async def wait_until_not_ready(self) -> None:
        async with asyncio.timeout(PATIENCE):
            while await self.statuses("/readyz") != [503]:
                pass

    async def _open_one(self, profile_id: int, until: bytes) -> aiohttp.ClientResponse:
        answer = await self.ask(profile_id)
        assert answer.status == 200
        while until not in await answer.content.readuntil(b"\n\n"):
            pass
        return answer


@asynccontextmanager
async def clients_of(
    tmp_path: Path, *arguments: str, drain_seconds: float
) -> AsyncIterator[Clients]:
    env = {"MLX_RELAY_DRAIN_SECONDS": str(drain_seconds)}
    with relay_service(tmp_path, *arguments, env=env) as relay:
        async with aiohttp.ClientSession(
            relay.url,
            headers=relay.headers,
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        ) as session:
            yield Clients(relay, session)


async def ends_of(answers: Answers) -> "Counter[tuple[str, str | None]]":
    """Return how often streams ended how; asserts that each ended once, and whole."""
    bodies = await asyncio.gather(*(answer.text() for answer in answers))
    ends = []
    for events in map(events_of, bodies):
        terminal = [event for event in events if event["type"] in ("done", "error")]
        assert terminal == events[-1:]
        ends.append((terminal[0]["type"], terminal[0].get("code")))
    return Counter(ends)


async def code_of(service: Service) -> int:
    return await asyncio.to_thread(service.process.wait, PATIENCE)


def logged_ends(data_dir: Path) -> "Counter[tuple[str, str | None]]":
    """Return the ends in the log, of streams that are each in it once."""
    lines = command({"MLX_RELAY_DATA_DIR": str(data_dir)}, "logs", "--json").splitlines()
    records = [json.loads(line) for line in lines]
    assert len({record["stream_id"] for record in records}) == len(records)
    return Counter((record["kind"], record.get("code")) for record in records)


@pytest.fixture
def slow_fake() -> Iterator[Service]:
    """The recorded servers, a thousand times slower than they were."""
    arguments = ("serve", "--port", "0", "--cassettes", str(CASSETTES), "--speed", "0.001")
    with running("fake_mlx", *arguments) as service:
        yield service


async def states_of(fake: Service) -> "Counter[str]":
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{fake.url}/_fake/journal") as answer,
    ):
        entries = json.loads(await answer.text())
    return Counter(entry["state"] for entry in entries)


@pytest.mark.parametrize(
    ("workers", "streams"), [(1, 200), pytest.param(2, 40, marks=pytest.mark.nightly)]
)
async def test_streams_end_in_their_time_or_are_told_and_the_log_has_them_all(
    tmp_path: Path, slow_fake: Service, workers: int, streams: int
) -> None:
    half = streams // 2
    async with (
        held_upstream() as upstream,
        clients_of(tmp_path, "--workers", str(workers), drain_seconds=4) as clients,
    ):
        ending = await clients.open(upstream.port, half, until=b'"type":"response"')
        staying = await clients.open(slow_fake.port, half)
        service = clients.relay.service
        service.process.send_signal(signal.SIGTERM)
        await clients.wait_until_not_ready()
        assert await clients.statuses("/healthz", "/api/auth/me") == [200, 200]
        refused = await clients.ask()
        assert (refused.status, refused.headers["Connection"]) == (503, "close")
        assert int(refused.headers["Retry-After"]) > 0
        assert upstream.open == half
        upstream.go.set()
        assert await ends_of(ending) == {("done", None): half}
        assert await ends_of(staying) == {SHUTTING_DOWN: half}
        assert await code_of(service) == 0
    assert await states_of(slow_fake) == {"client_left": half}
    assert logged_ends(tmp_path) == {("done", None): half, SHUTTING_DOWN: half}


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
async def test_a_second_signal_waits_for_no_stream(
    tmp_path: Path, workers: str, second: int, code: int
) -> None:
    async with (
        held_upstream() as upstream,
        clients_of(tmp_path, "--workers", workers, drain_seconds=600) as clients,
    ):
        answers = await clients.open(upstream.port, 20, until=b'"type":"response"')
        service = clients.relay.service
        service.process.send_signal(signal.SIGTERM)
        await clients.wait_until_not_ready()
        service.process.send_signal(second)
        assert await ends_of(answers) == {SHUTTING_DOWN: 20}
        assert await code_of(service) == code
    assert logged_ends(tmp_path) == {SHUTTING_DOWN: 20}


async def test_a_worker_that_is_told_alone_lets_its_streams_end(tmp_path: Path) -> None:
    async with (
        held_upstream() as upstream,
        clients_of(tmp_path, "--workers", "2", drain_seconds=600) as clients,
    ):
        answers = await clients.open(upstream.port, 4, until=b'"type":"response"')
        worker = psutil.Process(clients.relay.service.process.pid).children()[0]
        worker.terminate()
        # Its door closes first: the other gets all that is new.
        async with asyncio.timeout(PATIENCE):
            while sum(await clients.statuses(*["/readyz"] * 4)) != 4 * 200:
                pass
        assert worker.is_running()
        upstream.go.set()
        assert await ends_of(answers) == {("done", None): 4}


@pytest.mark.parametrize(("drain_seconds", "code"), [(0.5, 0), (600, 143)])
async def test_a_reader_that_stopped_keeps_nobody_from_leaving(
    tmp_path: Path, drain_seconds: float, code: int
) -> None:
    async with flat_out() as model, clients_of(tmp_path, drain_seconds=drain_seconds) as clients:
        profile_id = await clients.relay.add_profile(
            clients.session, name="p", host="127.0.0.1", port=model.port, model_path="m"
        )
        service = clients.relay.service
        with stalled(clients.relay, profile_id, 3):
            await model.stands_still(3)
            service.process.send_signal(signal.SIGTERM)
            if code:
                await clients.wait_until_not_ready()
                service.process.send_signal(signal.SIGTERM)
            assert await code_of(service) == code
    assert logged_ends(tmp_path) == {SHUTTING_DOWN: 3}


@pytest.mark.nightly
async def test_the_way_down_keeps_to_its_times(tmp_path: Path) -> None:
    async with held_upstream() as upstream:
        assert await seconds_down(tmp_path / "idle", None, 0) < 1.5
        assert await seconds_down(tmp_path / "drained", upstream, 2) < 2 + 8
        assert await seconds_down(tmp_path / "hurried", upstream, 600, signal.SIGTERM) < 1.2


async def seconds_down(
    data_dir: Path, upstream: HeldUpstream | None, drain_seconds: float, *more: int
) -> float:
    """Return how long a relay with 50 streams takes after SIGTERM, or after *more* signals."""
    async with clients_of(data_dir, drain_seconds=drain_seconds) as clients:
        answers = await clients.open(upstream.port, 50) if upstream else []
        service = clients.relay.service
        service.process.send_signal(signal.SIGTERM)
        if more:
            await clients.wait_until_not_ready()
        began_at = time.monotonic()
        for number in more:
            service.process.send_signal(number)
        await code_of(service)
        seconds = time.monotonic() - began_at
        await ends_of(answers)
        return seconds
