"""Whoever may not be there any more loses the streams that run, whoever saw to it, and how."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import aiohttp
import pytest

from support.held_model import HeldModel
from support.person import PASSWORD, Person, code_of_end, signed_in
from support.relay import RelayService, relay_service

PROMISED_SECONDS = 5
NEW_PASSWORD = "battery staple"


async def signs_out(one: Person) -> None:
    assert (await one.send("POST", "/api/auth/logout"))[0] == 204


async def signs_out_in_the_page(one: Person) -> None:
    assert (await one.send("POST", "/api/auth/logout", {}, headers=one.cookie()))[0] == 204


async def changes_the_password(one: Person) -> None:
    change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
    assert (await one.send("POST", "/api/auth/password", change))[0] == 200


async def has_a_refresh_token_copied(one: Person) -> None:
    copied = one.cookie()
    for _ in range(2):
        assert (await one.send("POST", "/api/auth/refresh", {}, headers=one.cookie()))[0] == 200
    assert (await one.send("POST", "/api/auth/refresh", {}, headers=copied))[0] == 401


async def is_disabled_by_an_admin(one: Person) -> None:
    async with one.relay.session() as admin:
        users = await (await admin.get("/api/users")).json()
        user_id = next(user["id"] for user in users if user["name"] == one.name)
        async with admin.patch(f"/api/users/{user_id}", json={"disabled": True}) as answer:
            assert answer.status == 200


async def is_disabled_by_a_command(one: Person) -> None:
    await one.command("user", "disable", one.name)


async def is_removed_by_a_command(one: Person) -> None:
    await one.command("user", "remove", one.name, "--yes")


async def gets_another_role_by_a_command(one: Person) -> None:
    await one.command("user", "set", one.name, "--role", "admin")


async def gets_a_password_by_a_command(one: Person) -> None:
    await one.command("user", "password", one.name, "--password-stdin", stdin=NEW_PASSWORD)


Ending: TypeAlias = Callable[[Person], Awaitable[None]]
ENDINGS: tuple[Ending, ...] = (
    signs_out,
    signs_out_in_the_page,
    changes_the_password,
    has_a_refresh_token_copied,
    is_disabled_by_an_admin,
    is_disabled_by_a_command,
    is_removed_by_a_command,
    gets_another_role_by_a_command,
    gets_a_password_by_a_command,
)


@pytest.fixture(scope="module")
def own_relay(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    with relay_service(tmp_path_factory.mktemp("sessions")) as service:
        yield service


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RelayService]:
    with relay_service(tmp_path_factory.mktemp("workers"), "--workers", "2") as service:
        yield service


async def add_profile(relay: RelayService, model: HeldModel) -> int:
    async with relay.session() as admin:
        name = f"p{model.port}"
        return await relay.add_profile(
            admin, name=name, host="127.0.0.1", port=model.port, model_path="m"
        )


@pytest.mark.parametrize("ending", ENDINGS)
async def test_the_stream_ends_and_the_next_request_is_refused(
    own_relay: RelayService, model: HeldModel, ending: Ending
) -> None:
    profile = await add_profile(own_relay, model)
    async with signed_in(own_relay, ending.__name__) as one:
        stream = await one.open(profile)
        upstream = await model.next()
        upstream.say()
        await ending(one)
        assert await code_of_end(stream) == "session_revoked"
        await asyncio.wait_for(upstream.left.wait(), 30)
        assert (await one.send("GET", "/api/auth/me"))[0] == 401


async def test_others_go_on(own_relay: RelayService, model: HeldModel) -> None:
    profile = await add_profile(own_relay, model)
    async with signed_in(own_relay, "leaves") as one, signed_in(own_relay, "stays") as other:
        first_token = one.token
        await one.log_in()
        of_another_browser = await one.open(profile, first_token)
        of_somebody_else = await other.open(profile)
        ended = await one.open(profile)
        await signs_out(one)
        assert await code_of_end(ended) == "session_revoked"
        for _ in range(3):
            (await model.next()).finish()
        assert await code_of_end(of_another_browser) is None
        assert await code_of_end(of_somebody_else) is None


@pytest.mark.parametrize("by_command", [False, True])
async def test_a_key_that_is_removed_takes_its_streams_along(
    own_relay: RelayService, model: HeldModel, by_command: bool
) -> None:
    profile = await add_profile(own_relay, model)
    async with signed_in(own_relay, f"key {by_command}") as one:
        _, key = await one.send("POST", "/api/keys", {"name": "k", "scopes": ["chat"]})
        by_key, by_token = await one.open(profile, key["secret"]), await one.open(profile)
        if by_command:
            await one.command("key", "remove", str(key["id"]))
        else:
            assert (await one.send("DELETE", f"/api/keys/{key['id']}"))[0] == 204
        assert await code_of_end(by_key) == "session_revoked"
        for _ in range(2):
            (await model.next()).finish()
        assert await code_of_end(by_token) is None


async def test_who_waits_in_a_queue_is_sent_away_too(
    own_relay: RelayService, model: HeldModel
) -> None:
    async with own_relay.session() as admin:
        fields = {"host": "127.0.0.1", "port": model.port, "model_path": "m", "max_streams": 1}
        profile = await own_relay.add_profile(admin, name="one place", **fields)
    async with signed_in(own_relay, "is first") as first, signed_in(own_relay, "waits") as second:
        running = await first.open(profile)
        waiting = await second.open(profile)
        await second.command("user", "disable", "waits")
        assert await code_of_end(waiting) == "session_revoked"
        (await model.next()).finish()
        assert await code_of_end(running) is None
    assert model.count == 1


async def test_an_admin_who_is_one_no_more_sees_no_more_samples(own_relay: RelayService) -> None:
    async with signed_in(own_relay, "was admin") as one:
        await one.command("user", "set", "was admin", "--role", "admin")
        await one.log_in()
        async with (
            aiohttp.ClientSession(own_relay.url, headers=one.bearer()) as session,
            session.get("/api/metrics/stream") as samples,
        ):
            assert samples.status == 200
            await samples.content.readuntil(b"\n\n")
            await one.command("user", "set", "was admin", "--role", "user")
            async with asyncio.timeout(30):
                await samples.content.read()


async def test_streams_in_every_worker_end(two_workers: RelayService, model: HeldModel) -> None:
    profile = await add_profile(two_workers, model)
    async with signed_in(two_workers, "bob") as one:
        streams = [await one.open(profile) for _ in range(6)]
        await is_disabled_by_an_admin(one)
        assert [await code_of_end(stream) for stream in streams] == ["session_revoked"] * 6


@pytest.mark.nightly
@pytest.mark.parametrize("ending", [signs_out, is_disabled_by_a_command])
async def test_ten_streams_end_within_the_promised_time(
    tmp_path: Path, model: HeldModel, ending: Ending
) -> None:
    with relay_service(tmp_path, "--workers", "2") as relay:
        profile = await add_profile(relay, model)
        async with signed_in(relay, "bob") as one:
            streams = [await one.open(profile) for _ in range(10)]
            await ending(one)
            changed_at = time.monotonic()
            assert [await code_of_end(stream) for stream in streams] == ["session_revoked"] * 10
            assert time.monotonic() - changed_at < PROMISED_SECONDS
