"""A relay, and a Redis or none, in; the resumable streams of this process out, or None."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mlx_relay.streams.memory import MemoryBuffers
from mlx_relay.streams.running import Runner, Streams

if TYPE_CHECKING:
    from redis.asyncio import Redis


@asynccontextmanager
async def open_streams(
    relay: Runner, redis: "Redis | None", *, is_alone: bool, grace_seconds: float
) -> AsyncIterator[Streams | None]:
    """Yield the streams until the block ends.

    None where this process is not alone, so that a client may come back to another one, and has no
    Redis to share its streams through: then none is resumable.
    """
    if redis is not None:
        # What needs an extra is not imported where it may not be installed.
        from mlx_relay.streams.redis_buffers import RedisBuffers  # noqa: PLC0415 - needs an extra

        async with (
            RedisBuffers(redis, lambda stream_id: relay.stop(stream_id, "asked")).running() as far,
            Streams(relay, far, grace_seconds=grace_seconds) as streams,
        ):
            yield streams
    elif is_alone:
        async with Streams(relay, MemoryBuffers(), grace_seconds=grace_seconds) as streams:
            yield streams
    else:
        yield None
