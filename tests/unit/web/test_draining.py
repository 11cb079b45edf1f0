"""The way down, before a relay that is made up: in which order what stops."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from mlx_relay.relay import Relay
from mlx_relay.stopping import Stopping
from mlx_relay.web.app_keys import IS_DRAINING, RELAY
from mlx_relay.web.draining import DRAINING, setup_draining
from mlx_relay.web.live_metrics import LIVE_METRICS, LiveMetrics


class FakeRelay:
    """Has one stream, which ends when *over* is set, or when it is let go."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.is_draining = False
        self.asked = asyncio.Event()
        self.over = asyncio.Event()

    @property
    def streams(self) -> int:
        return 0 if self.over.is_set() else 1

    async def drain(self) -> None:
        self.is_draining = True
        self.asked.set()
        await self.over.wait()

    def shut_down(self) -> None:
        self.calls.append("shut_down")

    def let_go(self) -> None:
        self.calls.append("let_go")
        self.over.set()


class Watching:
    """Stands for the live metrics and for those who watch them."""

    def __init__(self) -> None:
        self.watchers = self
        self.has_ended = False

    def end(self) -> None:
        self.has_ended = True


class Down:
    """An application that can be taken down."""

    def __init__(self, **seconds: float) -> None:
        self.relay = FakeRelay()
        self.watching = Watching()
        self.stopping = Stopping(on_hurry=lambda _code: None)
        self.app = web.Application()
        setup_draining(self.app, **{"pre_stop_seconds": 0.0, "drain_seconds": 0.0} | seconds)
        self.app[RELAY] = cast("Relay", self.relay)
        self.app[LIVE_METRICS] = cast("LiveMetrics", self.watching)

    async def run(self) -> None:
        await self.app[DRAINING].run(self.app, self.stopping)


async def test_it_is_not_ready_at_once_and_over_with_the_last_stream() -> None:
    down = Down(drain_seconds=600)
    assert not down.app[IS_DRAINING]()
    with capture_logs() as records:
        async with asyncio.TaskGroup() as group:
            running = group.create_task(down.run())
            await down.relay.asked.wait()
            assert down.app[IS_DRAINING]()
            assert down.watching.has_ended
            assert not running.done()
            down.relay.over.set()
    assert [record["event"] for record in records] == ["draining", "drained"]
    assert (records[0]["streams"], records[1]["streams_left"]) == (1, 0)


async def test_nothing_is_said_where_no_stream_runs() -> None:
    down = Down(drain_seconds=600)
    down.relay.over.set()
    with capture_logs() as records:
        await down.run()
    assert not records


async def test_streams_have_no_more_than_their_time() -> None:
    down = Down(drain_seconds=0.01)
    await down.run()
    assert down.relay.is_draining


async def test_who_does_not_read_the_end_is_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlx_relay.web.draining.END_SECONDS", 0.01)
    down = Down()
    async with asyncio.timeout(30):
        await down.app[DRAINING].end(down.app)
    assert down.relay.calls == ["shut_down", "let_go"]


@pytest.mark.parametrize("stage", ["pre_stop_seconds", "drain_seconds"])
async def test_a_second_signal_waits_for_nothing(stage: str) -> None:
    down = Down(**{stage: 600})
    down.stopping.ask()
    async with asyncio.TaskGroup() as group:
        group.create_task(down.run())
        await asyncio.sleep(0)
        down.stopping.ask()


async def test_before_the_drain_streams_are_still_taken() -> None:
    down = Down(pre_stop_seconds=600, drain_seconds=600)
    async with asyncio.TaskGroup() as group:
        group.create_task(down.run())
        await asyncio.sleep(0)
        assert down.app[IS_DRAINING]()
        assert not down.relay.is_draining
        assert not down.watching.has_ended
        down.stopping.ask()
        down.stopping.ask()


@pytest.fixture
async def client() -> AsyncIterator[tuple[Down, TestClient[web.Request, web.Application]]]:
    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    down = Down()
    down.app.router.add_get("/", answer)
    async with TestClient(TestServer(down.app)) as client:
        yield down, client
        down.relay.over.set()


async def test_connections_end_with_their_next_answer(client: Any) -> None:
    down, session = client
    async with session.get("/") as answer:
        assert "Connection" not in answer.headers
    await down.run()
    async with session.get("/") as answer:
        assert answer.headers["Connection"] == "close"
