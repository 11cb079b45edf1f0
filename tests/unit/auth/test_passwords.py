"""Passwords: hashed with argon2id, checked alike for somebody and nobody, in a bounded queue."""

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.low_level import Type

from mlx_relay.auth import passwords as module
from mlx_relay.auth.passwords import MAX_WAITING, THREADS, Passwords
from mlx_relay.errors import Unavailable


@pytest.fixture
async def passwords() -> AsyncIterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


async def test_the_right_password_fits_and_no_other(passwords: Passwords) -> None:
    password_hash = await passwords.hash("correct horse")
    assert password_hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await passwords.verify(password_hash, "correct horse")
    for other in ("Correct horse", "correct horse ", "correct hors", ""):
        assert not await passwords.verify(password_hash, other)


async def test_a_password_is_taken_exactly_as_it_was_sent(passwords: Passwords) -> None:
    for password in (" ", "пароль", "e\u0301", "a\0b", "x" * 1024):
        password_hash = await passwords.hash(password)
        assert await passwords.verify(password_hash, password)
    assert not await passwords.verify(await passwords.hash("e\u0301"), "\u00e9")
    assert not await passwords.verify(await passwords.hash("a\0b"), "a\0c")


async def test_nobody_has_a_password(passwords: Passwords) -> None:
    assert not await passwords.verify(None, "correct horse")


def test_the_look_up_of_nobody_costs_what_that_of_somebody_costs() -> None:
    dummy = extract_parameters(module._DUMMY)
    assert (dummy.type, dummy.memory_cost, dummy.time_cost) == (Type.ID, 19_456, 2)
    assert (dummy.parallelism, dummy.hash_len, dummy.salt_len) == (1, 32, 16)


@pytest.mark.parametrize(
    "broken", ["", "plain text", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"]
)
async def test_a_broken_hash_fits_no_password(passwords: Passwords, broken: str) -> None:
    assert not await passwords.verify(broken, "plain text")


async def test_a_hash_of_other_costs_is_to_be_renewed(passwords: Passwords) -> None:
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("x")
    assert passwords.needs_rehash(cheap)
    assert not passwords.needs_rehash(await passwords.hash("x"))


async def test_beyond_the_queue_a_try_is_refused_at_once(passwords: Passwords) -> None:
    tries = [passwords.hash("x") for _ in range(THREADS + MAX_WAITING + 5)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(result, str) for result in results) == THREADS + MAX_WAITING
    assert sum(isinstance(result, Unavailable) for result in results) == 5


async def test_who_gives_up_waiting_frees_the_place(passwords: Passwords) -> None:
    gate = threading.Event()
    async with asyncio.TaskGroup() as group:
        for _ in range(THREADS):
            group.create_task(passwords._run(gate.wait))
        for _ in range(3):
            waiting = [group.create_task(passwords.hash("x")) for _ in range(MAX_WAITING)]
            await asyncio.sleep(0)
            for task in waiting:
                task.cancel()
            await asyncio.wait(waiting)
        hashing = group.create_task(passwords.hash("x"))
        await asyncio.sleep(0)
        gate.set()
    assert hashing.result()
