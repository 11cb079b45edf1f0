"""The URL of a Redis, or none, in; what relays share, or what one has for itself alone, out."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlx_relay.admission import Admission, Limits
from mlx_relay.auth.attempts import Attempts
from mlx_relay.errors import ConfigurationError
from mlx_relay.places import Places

if TYPE_CHECKING:
    from redis.asyncio import Redis


@dataclass(frozen=True)
class Shares:
    """What a process counts with others, and its one *redis*, where there is one.

    *trouble* returns why Redis is away, or None.
    """

    admission: Admission
    attempts: Attempts
    redis: "Redis | None" = None
    trouble: Callable[[], str | None] = lambda: None


@asynccontextmanager
async def open_shares(
    redis_url: str | None, limits: Limits, *, places: Places, attempts: Attempts
) -> AsyncIterator[Shares]:
    """Yield what this process shares; *places* and *attempts* are its own, or its host's.

    Raises ConfigurationError for a URL that is none, and where the extra is not installed.
    """
    if redis_url is None:
        yield Shares(Admission(limits, places), attempts)
        return
    try:
        from mlx_relay.shared.replicas import open_replica  # noqa: PLC0415 - needs an extra
    except ModuleNotFoundError:
        raise ConfigurationError("settings: redis_url: install mlx-relay[redis]") from None
    async with open_replica(redis_url, limits, places=places, attempts=attempts) as shares:
        yield shares
