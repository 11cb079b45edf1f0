"""Tries are counted before the password is looked at, by this process's clock."""

import pytest

from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.auth.throttle import PAIR
from mlx_relay.errors import RateLimited


async def test_after_too_many_tries_there_are_no_more() -> None:
    attempts = OwnAttempts()
    for _ in range(PAIR.tries):
        await attempts.begin("ada", "192.0.2.1")
    with pytest.raises(RateLimited):
        await attempts.begin("ada", "192.0.2.1")
    await attempts.begin("bob", "192.0.2.2")


async def test_the_right_password_takes_the_tries_back() -> None:
    attempts = OwnAttempts()
    for _ in range(PAIR.tries * 3):
        await attempts.begin("ada", "192.0.2.1")
        await attempts.succeeded("ada", "192.0.2.1")
