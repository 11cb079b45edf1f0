"""What a relay shares, with a Redis and without."""

import sys

import pytest

from mlx_relay.admission import Limits
from mlx_relay.auth.attempts import OwnAttempts
from mlx_relay.errors import ConfigurationError, Unavailable
from mlx_relay.places import OwnPlaces
from mlx_relay.shared.shares import open_shares

from .conftest import ADA, BOB, OPEN


async def test_without_a_url_a_relay_has_its_own_of_everything() -> None:
    attempts = OwnAttempts()
    async with open_shares(
        None, Limits(max_streams=1), places=OwnPlaces(), attempts=attempts
    ) as shares:
        assert (shares.attempts, shares.redis, shares.trouble()) == (attempts, None, None)
        async with shares.admission.admit(ADA, OPEN):
            with pytest.raises(Unavailable):
                async with shares.admission.admit(BOB, OPEN):
                    pass


async def test_without_the_extra_the_setting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "redis.asyncio", None)
    for name in [name for name in sys.modules if name.startswith("mlx_relay.shared.replicas")]:
        monkeypatch.delitem(sys.modules, name)
    for name in ("client", "link", "admission", "attempts"):
        monkeypatch.delitem(sys.modules, f"mlx_relay.shared.{name}", raising=False)
    with pytest.raises(ConfigurationError, match=r"mlx-relay\[redis\]"):
        async with open_shares(
            "redis://127.0.0.1", Limits(), places=OwnPlaces(), attempts=OwnAttempts()
        ):
            pass
