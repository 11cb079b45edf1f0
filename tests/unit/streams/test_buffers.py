"""Both places for logs do what readers and writers need."""

from mlx_relay.streams.buffers import Source, StreamBuffers
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.memory import MemoryBuffers
from mlx_relay.streams.redis_buffers import RedisBuffers
from mlx_relay.streams.redis_source import RedisSource


def takes_buffers(kinds: list[type[StreamBuffers]]) -> int:
    return len(kinds)


def takes_sources(kinds: list[type[Source]]) -> int:
    return len(kinds)


async def test_memory_and_redis_have_the_same_face() -> None:
    assert takes_buffers([MemoryBuffers, RedisBuffers]) == 2
    assert takes_sources([StreamLog, RedisSource]) == 2
    log = MemoryBuffers().open(StreamKey(1, "s"))
    assert await log.locate(0) == 0
