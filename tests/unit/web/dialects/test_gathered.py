"""The sink of a request that wants no stream."""

from mlx_relay.events import Done, Error, Response, Start
from mlx_relay.sinks import Outcome
from mlx_relay.web.dialects.gathered import GatheringSink

START = Start("s", "p", "m")


async def test_it_keeps_every_event_and_is_never_full() -> None:
    sink = GatheringSink()
    sink.send([START, Response("a")])
    sink.send([Done("stop")])
    await sink.drain()
    await sink.close(Outcome(kind="done", seconds=1.0))
    assert sink.events == [START, Response("a"), Done("stop")]
    assert (sink.is_full, sink.is_stalled, sink.failure) == (False, False, None)


async def test_a_stream_that_ended_with_an_error_has_failed() -> None:
    sink = GatheringSink()
    assert sink.failure is None
    broken = Error("Broken.", "internal", True)
    sink.send([START, Response("a"), broken])
    assert sink.failure == broken
