"""A database that is busy, full or gone: requests are told so, and no stream notices."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import event
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import Pool

from mlx_relay.app import serve
from mlx_relay.auth.api_keys import hash_api_key, make_api_key, visible_part
from mlx_relay.config import Settings, load_settings
from mlx_relay.storage import open_database, postgresql, sqlite
from support.full_disk import full_disk
from support.held_upstream import HeldUpstream, held_upstream
from support.postgresql import Cluster
from support.relay import events_of
from support.until import until

STREAMS = 40
"""More than any pool has connections."""


class Running:
    """A service in this process, and an administrator's session with it."""

    def __init__(self, session: aiohttp.ClientSession, upstream: HeldUpstream) -> None:
        self.session = session
        self.upstream = upstream
        self.profile_id = 0

    async def add_profile(self) -> None:
        fields = {"name": "p", "host": "127.0.0.1", "port": self.upstream.port, "model_path": "m"}
        async with self.session.post("/api/profiles", json=fields) as answer:
            self.profile_id = (await answer.json())["id"]

    async def open_stream(self) -> aiohttp.ClientResponse:
        messages = [{"role": "user", "content": "Hello!"}]
        answer = await self.session.post(
            "/api/chat/completions", json={"profile_id": self.profile_id, "messages": messages}
        )
        while b'"type":"response"' not in await answer.content.readuntil(b"\n\n"):
            pass
        return answer

    async def write(self) -> int:
        """Store a conversation; return 201, or the status of a refusal that has its form."""
        async with self.session.post("/api/conversations", json={"title": "t"}) as answer:
            if answer.status != 201:
                assert (await answer.json())["error"]["code"] == "unavailable"
                assert int(answer.headers["Retry-After"]) > 0
            return answer.status

    async def statuses(self, *paths: str) -> list[int]:
        found = []
        for path in paths:
            async with self.session.get(path) as answer:
                found.append(answer.status)
        return found


async def add_admin(settings: Settings) -> str:
    secret = make_api_key()
    async with open_database(settings.effective_database_url) as database:
        ada = await database.repository.add_user("ada", "hash", role="admin")
        await database.repository.add_api_key(
            ada.id, "tests", secret_hash=hash_api_key(secret), prefix=visible_part(secret)
        )
    return secret


@asynccontextmanager
async def running(tmp_path: Path, url: str) -> AsyncIterator[Running]:
    settings = load_settings(data_dir=tmp_path / "data", port=0, database_url=url)
    headers = {"Authorization": f"Bearer {await add_admin(settings)}"}
    ready = asyncio.get_running_loop().create_future()
    async with held_upstream() as upstream, asyncio.TaskGroup() as group:
        serving = group.create_task(serve(settings, on_ready=ready.set_result))
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(await ready, headers=headers, connector=connector) as own:
            service = Running(own, upstream)
            await service.add_profile()
            yield service
        serving.cancel()


async def end_of(answer: aiohttp.ClientResponse) -> str:
    return str(events_of(await answer.text())[-1]["type"])


@contextmanager
def counted_connections() -> Iterator["Counter[str]"]:
    """Count what all pools of this process give out and get back."""
    counts: Counter[str] = Counter()

    def out(*_: Any) -> None:
        counts["held"] += 1
        counts["most"] = max(counts["most"], counts["held"])

    def back(*_: Any) -> None:
        counts["held"] -= 1

    event.listen(Pool, "checkout", out)
    event.listen(Pool, "checkin", back)
    try:
        yield counts
    finally:
        event.remove(Pool, "checkout", out)
        event.remove(Pool, "checkin", back)


async def test_streams_hold_no_connection(tmp_path: Path, database_url: str) -> None:
    with counted_connections() as counts:
        async with running(tmp_path, database_url) as service:
            streams = await asyncio.gather(*(service.open_stream() for _ in range(STREAMS)))
            assert counts["most"] > 0
            await until(lambda: counts["held"] == 0)
            assert await service.statuses("/api/profiles", "/readyz") == [200, 200]
            assert await service.write() == 201
            service.upstream.go.set()
            ends = await asyncio.gather(*map(end_of, streams))
            assert ends == ["done"] * STREAMS


@asynccontextmanager
async def locked(url: str) -> AsyncIterator[None]:
    """Keep everybody else from writing."""
    if url.startswith("sqlite"):
        path = url.partition(":///")[2]
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.close()
        return
    engine = create_async_engine(url)
    async with engine.begin() as holder:
        await holder.exec_driver_sql("LOCK TABLE conversations IN EXCLUSIVE MODE")
        yield
    await engine.dispose()


async def test_a_busy_database_refuses_writes_and_no_stream_notices(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.1)
    monkeypatch.setitem(postgresql._MILLISECONDS, "lock_timeout", "100")
    async with running(tmp_path, database_url) as service:
        stream = await service.open_stream()
        async with locked(database_url):
            assert await service.write() == 503
            assert await service.statuses("/api/conversations", "/readyz") == [200, 200]
            more = await service.open_stream()
        assert await service.write() == 201
        service.upstream.go.set()
        assert [await end_of(stream), await end_of(more)] == ["done", "done"]


async def test_a_database_that_is_gone_is_told_of_and_comes_back(
    tmp_path: Path, cluster: Cluster
) -> None:
    async with cluster.database() as url:
        name = url.partition("@/")[2].partition("?")[0]
        async with running(tmp_path, url) as service:
            stream = await service.open_stream()
            await cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
            await cluster.execute(
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
            )
            assert await service.statuses("/readyz", "/healthz") == [503, 200]
            assert await service.write() == 503
            await cluster.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
            assert await service.statuses("/readyz") == [200]
            assert await service.write() == 201
            service.upstream.go.set()
            assert await end_of(stream) == "done"


async def test_a_full_disk_refuses_writes_and_gives_way_when_there_is_room(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with full_disk(folder, 4 * 1024 * 1024) as disk:
        if not disk.is_mounted:
            pytest.skip("mounting a small disk needs root on Linux")
        path = folder / "relay.db"
        async with running(tmp_path, f"sqlite+aiosqlite:///{path}") as service:
            stream = await service.open_stream()
            disk.fill(path)
            async with asyncio.timeout(60):
                while await service.write() == 201:
                    pass  # there is room left in the journal
            assert await service.statuses("/api/conversations", "/readyz") == [200, 200]
            disk.free()
            assert await service.write() == 201
            service.upstream.go.set()
            assert await end_of(stream) == "done"
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()
