"""A stream goes on without its client for a time of grace, and the client may come back for it."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from support.held_model import END, HEAD, HeldModel
from support.relay import RelayService, command, relay_service
from support.resuming import begin, come_back, stop, take

GRACE_SECONDS = 0.5
MORE = b'data: {"choices":[{"delta":{"content":" again"}}]}\n\n'


@pytest.fixture(scope="module")
def relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    env = {"MLX_RELAY_RESUME_GRACE_SECONDS": str(GRACE_SECONDS)}
    with relay_service(tmp_path_factory.mktemp("relay"), env=env) as service:
        yield service


@pytest.fixture
async def session(relay: RelayService) -> AsyncIterator[aiohttp.ClientSession]:
    async with relay.session() as session:
        yield session


@pytest.fixture
async def profile_id(
    relay: RelayService, session: aiohttp.ClientSession, model: HeldModel
) -> AsyncIterator[int]:
    place = {"host": "127.0.0.1", "port": model.port, "model_path": "m"}
    profile_id = await relay.add_profile(session, name="p", **place)
    yield profile_id
    async with session.delete(f"/api/profiles/{profile_id}") as answer:
        assert answer.status == 204


def texts(events: list[Any]) -> list[str]:
    return [event.get("content", event["type"]) for _, event in events]


async def test_a_client_that_comes_back_gets_what_it_missed_and_then_what_comes(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as answer:
        held = await model.next()
        held.say()
        start, first = await take(answer, 2)
    stream_id = start.event["stream_id"]
    held.say(MORE)
    async with come_back(session, stream_id, first.number) as answer:
        assert texts(await take(answer, 1)) == [" again"]
        held.say(MORE + END)
        held.hang_up()
        rest = await take(answer)
    assert texts(rest) == [" again", "done"]
    assert [number for number, _ in rest] == [4, 5]

    # Also when it has ended, from wherever they like.
    for after in (None, 0, 2):
        async with come_back(session, stream_id, after) as answer:
            assert texts(await take(answer))[-3:] == [" again", " again", "done"]
    for after in (5, 99):
        async with come_back(session, stream_id, after) as answer:
            assert answer.status == 204


async def test_readers_of_one_stream_join_each_other(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as one:
        held = await model.next()
        (start,) = await take(one, 1)
        async with come_back(session, start.event["stream_id"], 0) as other:
            held.finish()
            assert texts(await take(one)) == ["hello", "done"]
            assert texts(await take(other)) == ["start", "hello", "done"]


async def test_a_number_from_the_future_is_the_live_tail(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
        async with come_back(session, start.event["stream_id"], 10**9) as tail:
            assert tail.status == 200
            held.say(END)
            held.hang_up()
            assert texts(await take(tail)) == ["done"]


@pytest.mark.parametrize("number", ["x", "-1", "1.5", "", "9" * 19])
async def test_a_number_that_is_none_is_refused(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int, number: str
) -> None:
    async with begin(session, profile_id) as answer:
        (start,) = await take(answer, 1)
        async with come_back(session, start.event["stream_id"], number) as refused:
            assert refused.status == 400
            assert (await refused.json())["error"]["code"] == "bad_request"
        (await model.next()).finish()


async def test_another_users_stream_is_no_other_than_one_that_never_was(
    relay: RelayService, session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(relay.data_dir)}
    command(env, "user", "add", "eve", "--password-stdin", stdin="correct horse\n")
    key = json.loads(command(env, "key", "add", "eve", "tests", "--json"))["secret"]
    eve = aiohttp.ClientSession(relay.url, headers={"Authorization": f"Bearer {key}"})
    async with eve, begin(session, profile_id) as answer:
        (start,) = await take(answer, 1)
        heard = []
        for stream_id in (start.event["stream_id"], "0" * 32):
            async with come_back(eve, stream_id, 0) as refused:
                error = (await refused.json())["error"]
                heard.append((refused.status, error["code"], error["message"]))
            assert await stop(eve, stream_id) == 404
        assert heard == [(404, "not_found", "There is nothing here.")] * 2
        (await model.next()).finish()
        assert texts(await take(answer)) == ["hello", "done"]


async def test_without_a_reader_the_upstream_is_closed_when_the_grace_is_over(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
    await held.left.wait()
    async with come_back(session, start.event["stream_id"], 2) as late:
        ((_, end),) = await take(late)
    assert (end["type"], end["code"], end["detail"]) == ("error", "stopped", "no_reader")


async def test_a_reader_that_comes_back_in_time_keeps_the_stream_alive(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
    async with come_back(session, start.event["stream_id"], 2) as answer:
        # One that nobody comes back for shows when the other's grace would have been over.
        async with begin(session, profile_id):
            forgotten = await model.next()
        await forgotten.left.wait()
        assert not held.left.is_set()
        held.say(END)
        held.hang_up()
        assert texts(await take(answer)) == ["done"]


async def test_stop_ends_it_for_the_upstream_and_for_every_reader(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id) as answer:
        held = await model.next()
        held.say(HEAD + b'data: {"choices":[{"delta":{"reasoning_content":"hm"}}]}\n\n')
        start, _ = await take(answer, 2)
        stream_id = start.event["stream_id"]
        assert await stop(session, stream_id) == 204
        await held.left.wait()
        done, end = await take(answer)
    assert done.event["type"] == "thinking_done"
    assert (end.event["code"], end.event["detail"]) == ("stopped", "asked")
    assert await stop(session, stream_id) == 204


async def test_a_stream_that_is_not_resumable_ends_with_its_client(
    session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    async with begin(session, profile_id, resumable=False) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
        answer.close()
        await held.left.wait()
    async with come_back(session, start.event["stream_id"], 0) as refused:
        assert refused.status == 404


async def test_who_is_let_in_no_more_reads_no_more(
    relay: RelayService, session: aiohttp.ClientSession, model: HeldModel, profile_id: int
) -> None:
    env = {"MLX_RELAY_DATA_DIR": str(relay.data_dir)}
    made = json.loads(command(env, "key", "add", "ada", "second", "--json"))
    second = aiohttp.ClientSession(relay.url, headers={"Authorization": f"Bearer {made['secret']}"})
    async with second, begin(session, profile_id) as answer:
        held = await model.next()
        held.say()
        start, _ = await take(answer, 2)
        async with come_back(second, start.event["stream_id"], 2) as other:
            async with session.delete(f"/api/keys/{made['id']}") as deleted:
                assert deleted.status == 204
            body = (await other.read()).decode()
        held.say(END)
        held.hang_up()
        assert texts(await take(answer)) == ["done"]
    assert body.startswith("id: 3\n")
    assert '"code":"session_revoked"' in body


async def test_several_workers_without_redis_say_that_nothing_is_resumable(tmp_path: Path) -> None:
    with relay_service(tmp_path, "--workers", "2") as relay:
        async with relay.session() as session:
            async with session.get("/api/config") as config:
                assert (await config.json())["resumable"] is False
            place = {"host": "127.0.0.1", "port": 1, "model_path": "m"}
            profile_id = await relay.add_profile(session, name="p", **place)
            form = {"profile_id": profile_id, "messages": [], "resumable": True}
            form["messages"] = [{"role": "user", "content": "Hello!"}]
            async with session.post("/api/chat/completions", json=form) as refused:
                assert refused.status == 422
                assert "resumable" in (await refused.json())["error"]["message"]
            async with come_back(session, "0" * 32, 0) as unknown:
                assert unknown.status == 404
