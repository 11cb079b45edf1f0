"""Two relays behind nginx, with PostgreSQL and Redis: one service, whatever of it restarts."""

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from support.balancer import haproxy_before
from support.held_model import Held, HeldModel, held_model
from support.held_upstream import held_upstream
from support.postgresql import Cluster
from support.processes import Service
from support.redis import redis_server
from support.relay import events_of, relay_service
from support.site import PASSWORD, PATIENCE_SECONDS, Replica, Site, running_site
from support.until import until

HELLO = [{"role": "user", "content": "Hello!"}]
_names = (f"profile-{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> Iterator[Site]:
    with running_site(tmp_path_factory.mktemp("replicas"), cluster) as site:
        yield site


class Chats:
    """Streams from one model, opened at a replica or through nginx."""

    def __init__(self, site: Site, stack: list[aiohttp.ClientSession], profile_id: int) -> None:
        self.site = site
        self.profile_id = profile_id
        self._sessions = stack

    async def open(
        self, at: Replica | None = None, headers: dict[str, str] | None = None
    ) -> aiohttp.ClientResponse:
        session = self.site.session(at.url if at else "")
        self._sessions.append(session)
        body = {"profile_id": self.profile_id, "messages": HELLO}
        return await session.post("/api/chat/completions", json=body, headers=headers)


@asynccontextmanager
async def chats(site: Site, port: int, max_streams: int = 0) -> AsyncIterator[Chats]:
    profile_id = await site.add_profile(
        name=next(_names), host="127.0.0.1", port=port, model_path="m", max_streams=max_streams
    )
    sessions: list[aiohttp.ClientSession] = []
    try:
        yield Chats(site, sessions, profile_id)
    finally:
        for session in sessions:
            await session.close()


async def end_of(answer: aiohttp.ClientResponse) -> tuple[str, str | None]:
    """Return the type and the code of the terminal event; asserts that it is the only one."""
    events = events_of(await answer.text())
    terminal = [event for event in events if event["type"] in ("done", "error")]
    assert terminal == events[-1:]
    return terminal[0]["type"], terminal[0].get("code")


async def open_at(
    chats: Chats, model: HeldModel, replica: Replica
) -> tuple[aiohttp.ClientResponse, Held]:
    """Open a stream at *replica*, and return it with its request upstream."""
    answer = await chats.open(replica)
    return answer, await model.next()


async def test_a_profile_runs_no_more_streams_than_it_may_over_all_replicas(site: Site) -> None:
    async with held_upstream() as upstream, chats(site, upstream.port, max_streams=2) as opened:
        answers = await asyncio.gather(*(opened.open() for _ in range(8)))
        assert {answer.status for answer in answers} == {200}
        await until(lambda: upstream.open == 2)
        upstream.go.set()
        ends = await asyncio.gather(*map(end_of, answers))
    assert Counter(ends) == {("done", None): 8}
    assert upstream.peak == 2


async def test_failed_sign_ins_at_all_replicas_count(site: Site) -> None:
    statuses = []
    for number in range(6):
        async with site.session(site.replicas[number % 2].url) as session:
            form = {"username": "guessed", "password": "wrong"}
            async with session.post("/api/auth/login", json=form) as answer:
                statuses.append(answer.status)
    assert statuses == [401] * 5 + [429]


async def test_who_signs_out_at_one_replica_loses_the_streams_at_the_other(site: Site) -> None:
    here, there = site.replicas
    async with (
        held_model() as model,
        chats(site, model.port) as opened,
        site.session(here.url) as session,
    ):
        form = {"username": "ada", "password": PASSWORD}
        async with session.post("/api/auth/login", json=form) as signed_in:
            bearer = {"Authorization": f"Bearer {(await signed_in.json())['access_token']}"}
        answer = await opened.open(there, bearer)
        held = await model.next()
        async with session.post("/api/auth/logout", headers=bearer) as signed_out:
            assert signed_out.status == 204
        assert await end_of(answer) == ("error", "session_revoked")
        await asyncio.wait_for(held.left.wait(), PATIENCE_SECONDS)


async def test_a_redis_that_restarts_ends_no_stream_and_limits_hold_again(site: Site) -> None:
    here, there = site.replicas
    async with held_model() as model, chats(site, model.port, max_streams=2) as opened:
        one, held_one = await open_at(opened, model, here)
        two, held_two = await open_at(opened, model, there)
        waits = await opened.open(here)
        site.redis.kill()
        held_three = await model.next()  # each replica has two places of its own now
        await site.wait_until("degraded")
        four, held_four = await open_at(opened, model, there)
        site.redis.start()
        await site.wait_until("ready")
        late = await opened.open(there)
        for held in (held_one, held_two):
            held.finish()
        assert [await end_of(answer) for answer in (one, two)] == [("done", None)] * 2
        assert model.count == 4
        held_three.finish()
        held_late = await model.next()
        for held in (held_four, held_late):
            held.finish()
        ends = [await end_of(answer) for answer in (waits, four, late)]
        assert ends == [("done", None)] * 3


async def test_a_postgresql_that_restarts_ends_no_stream(site: Site) -> None:
    async with held_model() as model, chats(site, model.port) as opened:
        running = [await open_at(opened, model, replica) for replica in site.replicas]
        site.cluster.restart()
        await site.wait_until("ready")
        running += [await open_at(opened, model, replica) for replica in site.replicas]
        for _, held in running:
            held.finish()
        assert [await end_of(answer) for answer, _ in running] == [("done", None)] * 4


async def test_of_a_replica_that_is_killed_only_its_own_streams_end(site: Site) -> None:
    dead, alive = site.replicas
    async with held_model() as model, chats(site, model.port, max_streams=2) as opened:
        (lost, _), (kept, held) = (
            await open_at(opened, model, dead),
            await open_at(opened, model, alive),
        )
        waits = await opened.open(alive)
        dead.kill()
        with pytest.raises(aiohttp.ClientPayloadError):
            await lost.read()
        held_next = await model.next()  # its place is free when its lease is over
        through_nginx = await opened.open()
        assert through_nginx.status == 200
        for one in (held, held_next):
            one.finish()
        (await model.next()).finish()
        for answer in (kept, waits, through_nginx):
            assert await end_of(answer) == ("done", None)
    await asyncio.to_thread(dead.start)


async def chat_until(
    stop: asyncio.Event, site: Site, profile_id: int, url: str = ""
) -> "Counter[object]":
    """Chat, again and again, through nginx or *url*; return how the chats ended."""
    ends: Counter[object] = Counter()
    body = {"profile_id": profile_id, "messages": HELLO}
    async with site.session(url) as session:
        while not stop.is_set():
            try:
                async with session.post("/api/chat/completions", json=body) as answer:
                    ends[await end_of(answer) if answer.status == 200 else answer.status] += 1
            except aiohttp.ClientError as error:
                ends[repr(error)] += 1
    return ends


async def replace(site: Site, replica: Replica) -> None:
    """Take a replica out of nginx, let its streams end, and put a new one in its place."""
    others = [other.port for other in site.replicas if other is not replica]
    await asyncio.to_thread(site.nginx.reload, others)
    assert await asyncio.to_thread(replica.stop) == 0
    await asyncio.to_thread(replica.start)
    await asyncio.to_thread(site.nginx.reload, site.ports)


async def test_an_upgrade_under_load_fails_no_request_but_streams_that_are_too_long(
    site: Site, fake: Service
) -> None:
    stop = asyncio.Event()
    profile_id = await site.add_profile(
        name=next(_names), host="127.0.0.1", port=fake.port, model_path="mlx_lm/haiku"
    )
    async with held_model() as model, chats(site, model.port) as opened:
        long_ones = [await open_at(opened, model, replica) for replica in site.replicas]
        async with asyncio.TaskGroup() as group:
            users = [group.create_task(chat_until(stop, site, profile_id)) for _ in range(3)]
            for replica in site.replicas:
                await replace(site, replica)
            stop.set()
        ends = [await end_of(answer) for answer, _ in long_ones]
    assert ends == [("error", "shutting_down")] * 2
    total: Counter[object] = sum((user.result() for user in users), Counter())
    assert total.keys() == {("done", None)}
    assert total.total() > 10


@pytest.mark.nightly
async def test_limits_hold_in_a_crowd(site: Site) -> None:
    async with held_upstream() as upstream, chats(site, upstream.port, max_streams=4) as opened:
        upstream.go.set()
        ends: Counter[object] = Counter()

        async def come_again() -> None:
            for _ in range(25):
                ends[await end_of(await opened.open())] += 1

        async with asyncio.TaskGroup() as group:
            for _ in range(40):
                group.create_task(come_again())
    assert ends == {("done", None): 1000}
    assert upstream.peak <= 4


@pytest.mark.nightly
async def test_haproxy_sees_by_itself_who_goes_down_and_who_is_back(
    site: Site, fake: Service, tmp_path: Path
) -> None:
    stop = asyncio.Event()
    profile_id = await site.add_profile(
        name=next(_names), host="127.0.0.1", port=fake.port, model_path="mlx_lm/haiku"
    )
    with haproxy_before(tmp_path, site.ports) as haproxy:
        async with asyncio.TaskGroup() as group:
            chatting = [chat_until(stop, site, profile_id, haproxy.url) for _ in range(8)]
            users = [group.create_task(one) for one in chatting]
            for replica in [*site.replicas, *site.replicas]:
                assert await asyncio.to_thread(replica.stop) == 0
                await asyncio.to_thread(replica.start)
                await asyncio.to_thread(haproxy.wait_until_all_are_up)
            stop.set()
    total: Counter[object] = sum((user.result() for user in users), Counter())
    assert total.keys() == {("done", None)}
    assert total.total() > 100


@pytest.mark.nightly
async def test_the_workers_of_a_relay_count_together_with_redis_and_without(tmp_path: Path) -> None:
    with (
        redis_server() as redis,
        relay_service(tmp_path, "--workers", "2", env={"MLX_RELAY_REDIS_URL": redis.url}) as relay,
    ):
        for _ in range(2):
            async with held_upstream() as upstream, relay.session() as session:
                fields = {"name": next(_names), "host": "127.0.0.1", "model_path": "m"}
                profile_id = await relay.add_profile(
                    session, **fields, port=upstream.port, max_streams=2
                )
                upstream.go.set()
                async with asyncio.TaskGroup() as group:
                    for _ in range(8):
                        group.create_task(relay.chat(session, profile_id))
                assert upstream.peak <= 2
            redis.kill()
