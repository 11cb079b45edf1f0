"""``serve --workers 2``: several processes that count, drain and heal as one service."""

import asyncio
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import psutil
import pytest

from support.held_upstream import HeldUpstream, held_upstream
from support.processes import run
from support.prometheus import metrics_with
from support.relay import RelayService, events_of, relay_service

PATIENCE = 60


class Client:
    """Posts chats, each over a connection of its own, as many people would."""

    def __init__(self, relay: RelayService, session: aiohttp.ClientSession, profile: int) -> None:
        self.relay = relay
        self.session = session
        self.request = {
            "profile_id": profile,
            "messages": [{"role": "user", "content": "Hello!"}],
        }

    async def open(self) -> aiohttp.ClientResponse:
        return await self.session.post("/api/chat/completions", json=self.request)

    async def open_with_text(self) -> aiohttp.ClientResponse:
        answer = await self.open()
        assert answer.status == 200
        while b'"type":"response"' not in await answer.content.readuntil(b"\n\n"):
            pass
        return answer

    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.relay.service.process.pid).children()


@asynccontextmanager
async def two_workers(
    data_dir: Path,
    upstream: HeldUpstream,
    *,
    max_streams: int = 0,
    env: Mapping[str, str] | None = None,
) -> AsyncIterator[Client]:
    """Run the service; *max_streams* are the profile's."""
    with relay_service(data_dir, "--workers", "2", env=env) as relay:
        async with aiohttp.ClientSession(
            relay.url,
            headers=relay.headers,
            connector=aiohttp.TCPConnector(force_close=True, limit=0),
            timeout=aiohttp.ClientTimeout(total=PATIENCE),
        ) as session:
            profile = await relay.add_profile(
                session,
                name="p",
                host="127.0.0.1",
                port=upstream.port,
                model_path="m",
                max_streams=max_streams,
            )
            yield Client(relay, session, profile)


async def gather_open(client: Client, count: int) -> list[aiohttp.ClientResponse]:
    return await asyncio.gather(*(client.open() for _ in range(count)))


def last_event(body: str) -> tuple[str, str | None]:
    """Return the type and the code of the terminal event; asserts that it is the only one."""
    events = events_of(body)
    ends = [event for event in events if event["type"] in ("done", "error")]
    assert ends == events[-1:]
    return ends[0]["type"], ends[0].get("code")


@pytest.mark.parametrize(
    ("limit", "refused"), [("MLX_RELAY_MAX_STREAMS", 503), ("MLX_RELAY_MAX_STREAMS_PER_USER", 429)]
)
async def test_a_limit_holds_exactly_under_a_burst(
    tmp_path: Path, limit: str, refused: int
) -> None:
    async with (
        held_upstream() as upstream,
        two_workers(tmp_path, upstream, env={limit: "12"}) as client,
    ):
        answers = await gather_open(client, 40)
        assert Counter(answer.status for answer in answers) == {200: 12, refused: 28}
        upstream.go.set()
        ends = [last_event(await answer.text()) for answer in answers if answer.status == 200]
        assert ends == [("done", None)] * 12
        again = await gather_open(client, 8)
        assert {answer.status for answer in again} == {200}
        for answer in again:
            await answer.read()
    files = sorted(tmp_path.glob("logs/*.jsonl"))
    assert [b"stream_ended" in file.read_bytes() for file in files] == [True, True]


async def test_a_profiles_queue_moves_on_when_another_worker_frees_a_place(tmp_path: Path) -> None:
    async with (
        held_upstream() as upstream,
        two_workers(
            tmp_path, upstream, max_streams=1, env={"MLX_RELAY_MAX_QUEUED_PER_USER": "0"}
        ) as client,
    ):
        running = await client.open_with_text()
        waiting = await gather_open(client, 6)
        upstream.go.set()
        ends = [last_event(await answer.text()) for answer in waiting]
        await running.read()
    assert ends == [("done", None)] * 6
    assert upstream.peak == 1


async def test_a_killed_worker_is_replaced_its_places_are_free_and_the_others_go_on(
    tmp_path: Path,
) -> None:
    async with (
        held_upstream() as upstream,
        two_workers(tmp_path, upstream, env={"MLX_RELAY_MAX_STREAMS": "4"}) as client,
    ):
        held = [await client.open_with_text() for _ in range(4)]
        await metrics_with(client.session, 'mlx_relay_active_streams{profile="p"} 4.0')
        await logged(tmp_path, b'"record":"stream_started"', 4)
        victim = client.workers()[0]
        victim.kill()
        async with asyncio.timeout(PATIENCE):
            new = [await open_when_there_is_room(client) for _ in range(2)]
        assert (await client.open()).status == 503
        assert len({*client.workers(), victim}) == 3
        await metrics_with(client.session, 'mlx_relay_active_streams{profile="p"} 4.0')
        upstream.go.set()
        ends = [await end_of(answer) for answer in (*held, *new)]
        assert Counter(ends) == {"done": 4, "cut": 2}
        code = await asyncio.to_thread(client.relay.service.stop)
    assert code == 0
    assert log_of(tmp_path).count(b'"kind":"lost"') == 2
    assert not list((tmp_path / "workers").iterdir())


def log_of(data_dir: Path) -> bytes:
    return b"".join(file.read_bytes() for file in data_dir.glob("logs/*.jsonl"))


async def logged(data_dir: Path, text: bytes, count: int) -> None:
    """Wait until the log has *text* so often: a stream does not wait for its record."""
    async with asyncio.timeout(PATIENCE):
        while (await asyncio.to_thread(log_of, data_dir)).count(text) < count:
            pass


async def open_when_there_is_room(client: Client) -> aiohttp.ClientResponse:
    while True:
        answer = await client.open()
        if answer.status == 200:
            return answer
        assert answer.status == 503


async def end_of(answer: aiohttp.ClientResponse) -> str:
    try:
        return last_event(await answer.text())[0]
    except aiohttp.ClientPayloadError:
        return "cut"


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGINT, marks=pytest.mark.nightly)]
)
async def test_a_signal_ends_the_streams_of_all_workers(tmp_path: Path, number: int) -> None:
    async with held_upstream() as upstream, two_workers(tmp_path, upstream) as client:
        held = [await client.open_with_text() for _ in range(4)]
        workers = client.workers()
        client.relay.service.process.send_signal(number)
        ends = [last_event(await answer.text()) for answer in held]
        code = await asyncio.to_thread(client.relay.service.process.wait, PATIENCE)
    assert ends == [("error", "shutting_down")] * 4
    assert code == 0
    assert not any(worker.is_running() for worker in workers)


async def test_workers_do_not_outlive_their_parent(tmp_path: Path) -> None:
    async with held_upstream() as upstream, two_workers(tmp_path, upstream) as client:
        held = await client.open_with_text()
        workers = client.workers()
        client.relay.service.process.kill()
        assert last_event(await held.text()) == ("error", "shutting_down")
        _, alive = await asyncio.to_thread(psutil.wait_procs, workers, PATIENCE)
    assert len(workers) == 2
    assert not alive


async def test_a_worker_that_is_told_to_stop_drains_alone(tmp_path: Path) -> None:
    async with held_upstream() as upstream, two_workers(tmp_path, upstream) as client:
        held = [await client.open_with_text() for _ in range(2)]
        client.workers()[0].terminate()
        async with asyncio.TaskGroup() as group:
            ends = [group.create_task(answer.text()) for answer in held]
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            upstream.go.set()
    assert [last_event(task.result()) for task in done] == [("error", "shutting_down")]
    assert sorted(last_event(task.result())[0] for task in ends) == ["done", "error"]


async def test_a_guesser_gets_no_more_tries_than_at_one_process(tmp_path: Path) -> None:
    async with held_upstream() as upstream, two_workers(tmp_path, upstream) as client:
        wrong = {"username": "ada", "password": "not the one"}
        answers = [await client.session.post("/api/auth/login", json=wrong) for _ in range(6)]
    assert [answer.status for answer in answers] == [401] * 5 + [429]


def test_what_keeps_workers_from_starting_is_said_once(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path), "MLX_RELAY_SINKS": "nonsense"}
    run("mlx_relay", "user", "add", "ada", "--password-stdin", env=env, stdin="correct horse")
    done = run("mlx_relay", "serve", "--port", "0", "--workers", "2", env=env)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.count("nonsense") == 1


def test_a_busy_port_is_one_line_with_workers_too(tmp_path: Path) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
    run("mlx_relay", "user", "add", "ada", "--password-stdin", env=env, stdin="correct horse")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("mlx_relay", "serve", "--port", port, "--workers", "2", env=env)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"127.0.0.1:{port} is in use" in done.stderr
    assert done.stderr.count("\n") == 1
