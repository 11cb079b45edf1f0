"""A cancellation that somebody swallowed is not forgotten."""

import asyncio

import pytest

from mlx_relay.streams.cancellation import raise_if_cancelled


async def test_who_was_not_cancelled_goes_on() -> None:
    raise_if_cancelled()


async def test_who_was_cancelled_does_not() -> None:
    begun = asyncio.Event()

    async def stubborn() -> None:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise_if_cancelled()
            raise AssertionError("it went on") from None

    async with asyncio.TaskGroup() as group:
        task = group.create_task(stubborn())
        await begun.wait()
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        task.result()
