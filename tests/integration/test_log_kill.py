"""``kill -9`` of the real service under 50 streams: the log stays whole, no stream is forgotten."""

import asyncio
import contextlib
import json
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.processes import Service, running
from support.relay import command, relay_service
from support.tcp import tcp_server

STREAMS = 50
MOST_EVENTS = 2_000
RECORD_SECONDS = 0.25
SETTINGS = """
[sink.log]
max_bytes = 65536
keep = 1000
"""


@pytest.fixture(scope="module")
def paced_fake() -> Iterator[Service]:
    """Recorded servers at their own pace: some streams end before the kill, most do not."""
    with running("fake_mlx", "serve", "--port", "0") as service:
        yield service


class Victim:
    """A data directory with a user and a profile, and what its clients have seen."""

    def __init__(self, data_dir: Path, fake: Service) -> None:
        self.logs = data_dir / "logs"
        self.config = data_dir / "relay.toml"
        self.config.parent.mkdir()
        self.config.write_text(SETTINGS)
        self.env = {"MLX_RELAY_DATA_DIR": str(data_dir)}
        command(self.env, "user", "add", "ada", "--admin", "--password-stdin", stdin="pass word\n")
        key = json.loads(command(self.env, "key", "add", "ada", "tests", "--json"))
        self.headers = {"Authorization": f"Bearer {key['secret']}"}
        arguments = (
            "--host",
            "127.0.0.1",
            "--port",
            str(fake.port),
            "--model-path",
            "mlx_lm/hello",
        )
        command(self.env, "profile", "add", "p", *arguments)
        self.spoke_at: dict[str, float] = {}
        self.seen: set[str] = set()

    async def live_and_die(self, choice: random.Random) -> None:
        """Serve 50 clients at once, and die when they have got some number of events in all."""
        arguments = ("serve", "--port", "0", "--config", str(self.config))
        with running("mlx_relay", *arguments, env=self.env) as relay:
            async with aiohttp.ClientSession(relay.url, headers=self.headers) as session:
                countdown = Countdown(choice.randrange(STREAMS, MOST_EVENTS))
                async with asyncio.TaskGroup() as clients:
                    for _ in range(STREAMS):
                        clients.create_task(self._chat_until_it_dies(session, countdown))
                    await countdown.done.wait()
                    relay.process.send_signal(signal.SIGKILL)
                    self._keep_seen()

    async def _chat_until_it_dies(
        self, session: aiohttp.ClientSession, countdown: "Countdown"
    ) -> None:
        request = {"profile_id": 1, "messages": [{"role": "user", "content": "Hello!"}]}
        try:
            while True:
                async with session.post("/api/chat/completions", json=request) as answer:
                    assert answer.status == 200, await answer.text()
                    await self._read(answer, countdown)
        except aiohttp.ClientError:
            return

    async def _read(self, answer: aiohttp.ClientResponse, countdown: "Countdown") -> None:
        """Read an answer; note when the model said something in it first."""
        stream_id = ""
        async for line in answer.content:
            if line.startswith(b"data: "):
                event = json.loads(line.removeprefix(b"data: "))
                if event["type"] == "start":
                    stream_id = event["stream_id"]
                elif event["type"] in ("thinking", "response"):
                    self.spoke_at.setdefault(stream_id, time.monotonic())
                countdown.step()

    def _keep_seen(self) -> None:
        """Keep those whose records had time to reach the kernel: no stream waits for its own."""
        latest = time.monotonic() - RECORD_SECONDS
        self.seen |= {stream for stream, at in self.spoke_at.items() if at < latest}

    def recover(self) -> None:
        """Serve nobody, and end in peace."""
        with running("mlx_relay", "serve", "--port", "0", env=self.env) as relay:
            assert relay.stop() == 0

    def records(self) -> list[dict[str, Any]]:
        """Return all records; raises if one complete line is not whole, or the last is torn."""
        data = b"".join(path.read_bytes() for path in sorted(self.logs.glob("*.jsonl")))
        assert data.endswith(b"\n")
        return [json.loads(line) for line in data.split(b"\n")[:-1]]


class Countdown:
    """Says when a number of events was seen."""

    def __init__(self, count: int) -> None:
        self._left = count
        self.done = asyncio.Event()

    def step(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.done.set()


async def kill_and_check(victim: Victim, cycles: int) -> None:
    choice = random.Random(5)
    for _ in range(cycles):
        await victim.live_and_die(choice)
    victim.recover()
    records = victim.records()
    started = {r["stream_id"] for r in records if r["record"] == "stream_started"}
    ended = Counter(r["stream_id"] for r in records if r["record"] == "stream_ended")
    assert set(ended) == started
    assert set(ended.values()) == {1}
    assert victim.seen
    assert victim.seen <= started
    kinds = Counter(r["kind"] for r in records if r["record"] == "stream_ended")
    assert kinds["lost"] >= cycles
    assert kinds["done"] > 0
    [summary] = json.loads(command(victim.env, "logs", "--summary", "--json"))
    assert summary["outcomes"] == kinds


async def test_ten_kills_tear_no_line_and_leave_no_stream_without_its_end(
    tmp_path: Path, paced_fake: Service
) -> None:
    await kill_and_check(Victim(tmp_path / "data", paced_fake), 10)


@pytest.mark.nightly
async def test_two_hundred_kills_tear_no_line_and_leave_no_stream_without_its_end(
    tmp_path: Path, paced_fake: Service
) -> None:
    await kill_and_check(Victim(tmp_path / "data", paced_fake), 200)


async def test_a_process_that_starts_ends_only_the_streams_of_dead_ones(tmp_path: Path) -> None:
    """Two services share a log; one is killed and comes back while the other has a stream."""
    upstream = SlowServer()
    arguments = ("serve", "--port", "0")
    async with tcp_server(upstream.handle) as port:
        with relay_service(tmp_path) as living, contextlib.ExitStack() as others:
            env = {"MLX_RELAY_DATA_DIR": str(tmp_path)}
            dying = others.enter_context(running("mlx_relay", *arguments, env=env))
            async with living.session() as session:
                profile_id = await living.add_profile(
                    session, name="slow", host="127.0.0.1", port=port, model_path="m"
                )
                request = {
                    "profile_id": profile_id,
                    "messages": [{"role": "user", "content": "Hello!"}],
                }
                urls = (living.url, dying.url)
                answers = [
                    await session.post(f"{url}/api/chat/completions", json=request) for url in urls
                ]
                for answer in answers:
                    while b"response" not in await answer.content.readuntil(b"\n\n"):
                        pass
                dying.stop(signal.SIGKILL)
                others.enter_context(running("mlx_relay", *arguments, env=env))
                upstream.goes_on.set()
                assert b'"done"' in await answers[0].content.read()
                answers[1].close()
    ends = [json.loads(line) for line in command(env, "logs", "--json").splitlines()]
    assert sorted((end["kind"], end.get("cause")) for end in ends) == [
        ("done", None),
        ("lost", "killed"),
    ]


class SlowServer:
    """An MLX server that says a word, and ends when it may."""

    def __init__(self) -> None:
        self.goes_on = asyncio.Event()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        writer.write(b'data: {"choices":[{"delta":{"content":"hello"}}]}\n\n')
        await self.goes_on.wait()
        writer.write(b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n')
        writer.write(b"data: [DONE]\n\n")
        writer.close()
