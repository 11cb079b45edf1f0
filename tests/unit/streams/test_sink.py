"""The sink that writes a log: every event, and an end whatever happens."""

from mlx_relay.events import Done, Response
from mlx_relay.sinks import Outcome
from mlx_relay.streams.log import StreamKey, StreamLog
from mlx_relay.streams.memory import MemoryBuffers
from mlx_relay.streams.sink import LogSink

GONE = Outcome(kind="client_gone", seconds=1.0)


def made() -> tuple[LogSink, StreamLog]:
    buffers = MemoryBuffers()
    log = buffers.open(StreamKey(7, "s"))
    return LogSink(buffers, log), log


async def test_events_go_into_the_log_and_the_terminal_one_ends_it() -> None:
    sink, log = made()
    sink.send([Response("hi")])
    assert await log.locate(1) == 1
    sink.send([Response("ho"), Done("stop")])
    await sink.drain()
    await sink.close(GONE)
    assert await log.locate(3) is None
    assert log.since(1)[1] == b'id: 3\ndata: {"type":"done","finish_reason":"stop"}\n\n'
    assert log.last == 3
    assert not sink.is_full
    assert not sink.is_stalled


async def test_a_stream_that_was_cancelled_ends_for_its_readers_too() -> None:
    sink, log = made()
    sink.send([Response("hi")])
    await sink.close(GONE)
    assert log.is_over
    assert b'"code":"shutting_down"' in log.since(1)[0]
