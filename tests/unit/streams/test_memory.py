"""The logs of a process: found by whose they are, bounded together, and gone after a while."""

import pytest

from mlx_relay.errors import NotFound
from mlx_relay.streams.log import StreamKey
from mlx_relay.streams.memory import MemoryBuffers
from support.until import until

ONE, OTHER, THIRD = (StreamKey(7, name) for name in ("one", "other", "third"))
EVENT = b"x" * 1000


async def test_a_stream_is_found_by_its_own_user_alone() -> None:
    buffers = MemoryBuffers()
    log = buffers.open(ONE)
    assert await buffers.find(ONE) is log
    for key in (OTHER, StreamKey(8, "one")):
        with pytest.raises(NotFound):
            await buffers.find(key)
        with pytest.raises(NotFound):
            await buffers.stop_elsewhere(key)
    assert not await buffers.is_read_elsewhere(ONE)
    buffers.end_reading()


async def test_an_ended_stream_can_be_read_for_a_while_and_is_then_gone() -> None:
    buffers = MemoryBuffers(keep_seconds=0.01)
    log = buffers.open(ONE)
    buffers.append(log, [EVENT], is_last=True)
    assert buffers.own(ONE) is log
    await until(lambda: buffers.own(ONE) is None)
    assert buffers.bytes == 0


async def test_when_all_are_too_large_those_that_ended_go_first() -> None:
    buffers = MemoryBuffers(process_bytes=3500)
    logs = [buffers.open(key) for key in (ONE, OTHER, THIRD)]
    buffers.append(logs[0], [EVENT], is_last=False)
    buffers.append(logs[1], [EVENT], is_last=True)
    buffers.append(logs[2], [EVENT], is_last=False)
    buffers.append(logs[2], [EVENT], is_last=False)
    assert buffers.own(OTHER) is None
    assert (logs[0].first, logs[2].first) == (1, 1)
    assert buffers.bytes == logs[0].bytes + logs[2].bytes <= 3500


async def test_then_the_one_that_grows_gives_up_its_own_oldest_events() -> None:
    buffers = MemoryBuffers(process_bytes=3500)
    quiet, growing = buffers.open(ONE), buffers.open(OTHER)
    buffers.append(quiet, [EVENT], is_last=False)
    for _ in range(10):
        buffers.append(growing, [EVENT], is_last=False)
        assert buffers.bytes == quiet.bytes + growing.bytes <= 3500
    assert quiet.first == 1
    assert (growing.first, growing.last) == (9, 10)


async def test_the_end_of_a_stream_is_kept_when_there_is_no_room() -> None:
    buffers = MemoryBuffers(process_bytes=100)
    log = buffers.open(ONE)
    buffers.append(log, [EVENT, EVENT], is_last=True)
    assert buffers.own(ONE) is log
    assert (log.first, log.last) == (2, 2)
