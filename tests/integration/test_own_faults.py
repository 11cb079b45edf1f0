"""The relay's own troubles: no descriptor left, a loop that stands still, a clock that jumps."""

import asyncio
import re
import resource
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import aiohttp
import psutil
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from mlx_relay.events import Response, Start, Thinking
from mlx_relay.sinks.metrics import MetricsSinks
from mlx_relay.web.metrics_watchers import Watchers
from support.held_upstream import held_upstream
from support.relay import RelayService, events_of, relay_service
from support.values import stream_info

SOURCES = Path(__file__).resolve().parents[2] / "service" / "mlx_relay"
MEASURE = ("relay.py", "stopwatch.py", "admission.py", "pipeline", "upstream/exchange.py")
PATIENCE = 60
CROWD = 40


async def status_when_it_answers(session: aiohttp.ClientSession, path: str) -> int:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                async with session.get(path) as answer:
                    return answer.status
            except aiohttp.ClientError:
                await asyncio.sleep(0)


def crowd_in(relay: RelayService, stack: ExitStack) -> list[socket.socket]:
    """Open more connections than the relay may have descriptors; the kernel takes them all."""
    address = ("127.0.0.1", relay.service.port)
    return [stack.enter_context(socket.create_connection(address)) for _ in range(CROWD)]


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_without_a_descriptor_left_streams_go_on_and_others_wait(
    tmp_path: Path, workers: str
) -> None:
    async with held_upstream() as upstream:
        with relay_service(tmp_path, "--workers", workers) as relay, ExitStack() as stack:
            async with relay.session() as session:
                profile_id = await relay.add_profile(
                    session, name="p", host="127.0.0.1", port=upstream.port, model_path="m"
                )
                stream = await session.post(
                    "/api/chat/completions",
                    json={
                        "profile_id": profile_id,
                        "messages": [{"role": "user", "content": "Hello!"}],
                    },
                )
                await stream.content.readuntil(b'"type":"response"')
                limit_descriptors(relay)
                crowd = crowd_in(relay, stack)
                upstream.go.set()
                assert events_of(await stream.text())[-1]["type"] == "done"
                for connection in crowd:
                    connection.close()
                assert await status_when_it_answers(session, "/api/profiles") == 200
            assert relay.service.stop() == 0


def limit_descriptors(relay: RelayService) -> None:
    """Leave the process that accepts no more than two descriptors."""
    process = psutil.Process(relay.service.process.pid)
    if not hasattr(process, "rlimit"):
        pytest.skip("only Linux lets another process's limits be set")
    hard = process.rlimit(resource.RLIMIT_NOFILE)[1]
    process.rlimit(resource.RLIMIT_NOFILE, (process.num_fds() + 2, hard))


async def test_a_loop_that_stood_still_says_by_how_much() -> None:
    lags: list[float] = []

    def take(lag: float) -> bytes:
        lags.append(lag)
        return b""

    with Watchers(take, interval_seconds=0.001).join() as watcher:
        await watcher.next()
        time.sleep(0.1)  # noqa: ASYNC251 - that is the fault
        await watcher.next()
    assert max(lags) > 0.05


def test_what_measures_reads_no_clock_that_can_jump() -> None:
    roots = [SOURCES / name for name in MEASURE]
    files = [file for root in roots for file in ([root] if root.is_file() else root.rglob("*.py"))]
    assert len(files) > 20
    wall = re.compile(r"\btime\.time\(|\bdatetime\b|\butcnow\b")
    assert [file.name for file in files if wall.search(file.read_text())] == []


@pytest.mark.nightly
def test_a_scrape_with_a_thousand_streams_takes_no_more_than_50_ms() -> None:
    registry = CollectorRegistry()
    sinks = MetricsSinks(registry)
    for number in range(1000):
        sink = sinks.open(stream_info(f"profile-{number % 50}"))
        sink.send([Start("s", "p", "m")])
        sink.send([Thinking("a")])
        sink.send([Response("b")])
    times = []
    for _ in range(5):
        began_at = time.perf_counter()
        generate_latest(registry)
        times.append(time.perf_counter() - began_at)
    assert min(times) < 0.05
