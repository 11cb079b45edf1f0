"""One side sink of one stream: what it gets, and what is counted when it does not."""

from collections.abc import Sequence

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.events import Event, Response
from mlx_relay.sinks import Outcome, StreamInfo
from mlx_relay.sinks.breaker import Breaker
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.sinks.side import SideSink
from support.values import stream_info

OUTCOME = Outcome(kind="done", seconds=1)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def read(self) -> float:
        return self.now


class OwnSinks:
    """A factory and sink that raises while it is told to."""

    def __init__(self) -> None:
        self.is_broken = False
        self.events = 0
        self.data = b""
        self.closed = 0

    def open(self, stream: StreamInfo) -> "OwnSinks":
        return self

    def send(self, events: Sequence[Event]) -> None:
        if self.is_broken:
            raise RuntimeError("broken")
        self.events += len(events)

    def receive(self, data: bytes, at: float) -> None:
        self.data += data

    async def drain(self) -> None:
        pass

    async def close(self, outcome: Outcome | None = None) -> None:
        if self.is_broken:
            raise RuntimeError("broken")
        self.closed += 1


class Bench:
    """A sink behind its breaker, and what was counted."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.registry = CollectorRegistry()
        self.health = SinkHealth(self.registry)
        self.own: OwnSinks = OwnSinks()
        self.breaker = Breaker("own", self.health, self.clock.read)

    def open(self) -> SideSink:
        return SideSink(self.own, stream_info(), self.breaker)

    def lost(self, what: str) -> float:
        labels = {"sink": "own", "what": what}
        return self.registry.get_sample_value("mlx_relay_sink_lost_total", labels) or 0


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_what_a_sink_did_not_get_after_it_raised_is_counted_exactly(bench: Bench) -> None:
    side = bench.open()
    side.send([Response("a")], [0.0])
    bench.own.is_broken = True
    side.send([Response("b"), Response("c")], [0.0, 0.0])
    side.receive(b"123", 1.0)
    side.send([Response("d")], [0.0])
    await side.close(OUTCOME)
    assert bench.own.events == 1
    assert [bench.lost(what) for what in ("streams", "events", "bytes")] == [1, 3, 3]
    assert bench.own.closed == 0


class TimedSinks(OwnSinks):
    """Keeps when its events came."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def send_at(self, events: Sequence[Event], times: Sequence[float]) -> None:
        self.send(events)
        self.times += times


async def test_a_sink_that_asks_for_times_gets_them(bench: Bench) -> None:
    bench.own = timed = TimedSinks()
    side = bench.open()
    side.send([Response("a"), Response("b")], [1.0, 2.0])
    assert (timed.events, timed.times) == (2, [1.0, 2.0])
    timed.is_broken = True
    side.send([Response("c"), Response("d")], [3.0, 4.0])
    await side.close(OUTCOME)
    assert bench.lost("events") == 2


async def test_a_stream_that_goes_without_the_sink_is_counted_whole(bench: Bench) -> None:
    bench.breaker.failed("RuntimeError")
    side = bench.open()
    side.send([Response("a"), Response("b")], [0.0, 0.0])
    await side.close(OUTCOME)
    assert bench.own.events == bench.own.closed == 0
    assert [bench.lost(what) for what in ("streams", "events")] == [1, 2]


async def test_other_streams_of_a_sink_that_raised_go_on(bench: Bench) -> None:
    one, other = bench.open(), bench.open()
    bench.own.is_broken = True
    one.send([Response("a")], [0.0])
    bench.own.is_broken = False
    other.send([Response("b")], [0.0])
    await other.close(OUTCOME)
    assert bench.own.events == 1
    assert bench.lost("streams") == 0


async def test_a_sink_that_raises_while_it_closes_did_not_get_the_stream_whole(
    bench: Bench,
) -> None:
    side = bench.open()
    side.send([Response("a")], [0.0])
    bench.own.is_broken = True
    await side.close(OUTCOME)
    assert [bench.lost(what) for what in ("streams", "events")] == [1, 0]
    assert bench.health.degraded() == {"own": "RuntimeError"}


async def test_what_was_lost_before_it_came_here_is_counted_and_the_sink_closed(
    bench: Bench,
) -> None:
    side = bench.open()
    side.lose(2, 30)
    await side.close(OUTCOME)
    assert [bench.lost(what) for what in ("streams", "events", "bytes")] == [1, 2, 30]
    assert bench.own.closed == 1


async def test_the_lag_counts_from_the_end_of_the_stream(bench: Bench) -> None:
    bench.clock.now = 107.0
    await bench.open().close(OUTCOME, ended_at=100.0)
    labels = {"sink": "own"}
    assert bench.registry.get_sample_value("mlx_relay_sink_lag_seconds_sum", labels) == 7


async def test_a_trial_that_ends_well_lets_the_sink_in_again(bench: Bench) -> None:
    bench.breaker.failed("RuntimeError")
    bench.clock.now += 1
    trial = bench.open()
    assert bench.health.degraded()
    await trial.close(OUTCOME)
    assert bench.health.degraded() == {}
    assert bench.lost("streams") == 0


async def test_a_trial_that_fails_does_not(bench: Bench) -> None:
    bench.breaker.failed("RuntimeError")
    bench.clock.now += 1
    trial = bench.open()
    bench.own.is_broken = True
    trial.send([Response("a")], [0.0])
    await trial.close(OUTCOME)
    assert bench.health.degraded() == {"own": "RuntimeError"}
