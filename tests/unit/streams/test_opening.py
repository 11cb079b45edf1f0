"""Which streams a process has: its own, shared ones, or none that a client could come back to."""

from mlx_relay.streams.opening import open_streams
from unit.streams.test_running import FakeRelay


async def test_a_process_that_is_alone_keeps_its_streams_in_memory() -> None:
    async with open_streams(FakeRelay(), None, is_alone=True, grace_seconds=1) as streams:
        assert streams is not None


async def test_one_of_several_without_redis_has_no_resumable_streams() -> None:
    async with open_streams(FakeRelay(), None, is_alone=False, grace_seconds=1) as streams:
        assert streams is None
