"""The fake server of the demo: there when needed, gone afterwards, and missed when it dies."""

import asyncio

import aiohttp
import pytest

from mlx_relay.cli import demo_fake
from mlx_relay.cli.demo_fake import Fake, running_fake
from mlx_relay.cli.failures import CommandFailed


def never() -> None:
    raise AssertionError("the fake server ended by itself")


async def get_models(port: int) -> int:
    url = f"http://127.0.0.1:{port}/v1/models"
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status


async def test_it_serves_until_the_block_ends() -> None:
    async with running_fake(on_death=never) as fake:
        assert await get_models(fake.port) == 200
    assert fake.ended.is_set()
    assert not fake.is_dead
    with pytest.raises(aiohttp.ClientConnectorError):
        await get_models(fake.port)


async def test_it_is_gone_after_an_error_in_the_block() -> None:
    fakes: list[Fake] = []

    async def fail() -> None:
        async with running_fake(on_death=never) as fake:
            fakes.append(fake)
            raise LookupError

    with pytest.raises(LookupError):
        await fail()
    assert fakes[0].ended.is_set()


async def test_its_death_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    died = asyncio.Event()
    monkeypatch.setattr(demo_fake, "COMMAND", ("sh", "-c", "echo listening on http://127.0.0.1:1"))
    async with running_fake(on_death=died.set) as fake:
        await died.wait()
        assert fake.is_dead


async def test_a_fake_that_does_not_start_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_fake, "COMMAND", ("false",))
    with pytest.raises(CommandFailed, match="did not start"):
        async with running_fake(on_death=never):
            pass


async def test_a_fake_that_ignores_the_signal_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    stubborn = "trap '' TERM; echo listening on http://127.0.0.1:1; while :; do sleep 1; done"
    monkeypatch.setattr(demo_fake, "COMMAND", ("sh", "-c", stubborn))
    monkeypatch.setattr(demo_fake, "STOP_SECONDS", 0.1)
    async with running_fake(on_death=never) as fake:
        pass
    await fake.ended.wait()
