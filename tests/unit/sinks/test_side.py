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
    side.send([(0.0, [Response("a")])])
    bench.own.is_broken = True
    side.send([(0.0, [Response("b"), Response("c")])])
    side.receive(b"123", 1.0)
    side.send([(0.0, [Response("d")])])
    await side.close(OUTCOME)
    assert bench.own.events == 1
    assert [bench.lost(what) for what in ("streams", "events", "bytes")] == [1, 3, 3]
    assert bench.own.closed == 0


class TimedSinks(OwnSinks):
    """Keeps when its batches came; raises from the second on while it is broken."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def send_at(self, events: Sequence[Event], at: float) -> None:
        if self.is_broken and self.times:
            raise RuntimeError("broken")
        self.times.append(at)
        self.events += len(events)


async def test_batches_in_a_row_are_one_to_a_sink_that_asks_for_no_times(bench: Bench) -> None:
    calls: list[list[Event]] = []
    bench.own.send = calls.append  # type: ignore[method-assign,assignment]
    bench.open().send([(1.0, [Response("a")]), (2.0, [Response("b"), Response("c")])])
    assert calls == [[Response("a"), Response("b"), Response("c")]]


async def test_a_sink_that_asks_for_times_gets_each_batch_with_its_own(bench: Bench) -> None:
    bench.own = timed = TimedSinks()
    bench.open().send([(1.0, [Response("a")]), (2.0, [Response("b")])])
    assert timed.times == [1.0, 2.0]


async def test_of_batches_in_a_row_those_are_lost_that_it_did_not_get(bench: Bench) -> None:
    bench.own = timed = TimedSinks()
    timed.is_broken = True
    side = bench.open()
    side.send([(at, [Response("a")]) for at in (1.0, 2.0, 3.0)])
    await side.close(OUTCOME)
    assert timed.times == [1.0]
    assert bench.lost("events") == 2


async def test_a_stream_that_goes_without_the_sink_is_counted_whole(bench: Bench) -> None:
    bench.breaker.failed("RuntimeError")
    side = bench.open()
    side.send([(0.0, [Response("a"), Response("b")])])
    await side.close(OUTCOME)
    assert bench.own.events == bench.own.closed == 0
    assert [bench.lost(what) for what in ("streams", "events")] == [1, 2]


async def test_other_streams_of_a_sink_that_raised_go_on(bench: Bench) -> None:
    one, other = bench.open(), bench.open()
    bench.own.is_broken = True
    one.send([(0.0, [Response("a")])])
    bench.own.is_broken = False
    other.send([(0.0, [Response("b")])])
    await other.close(OUTCOME)
    assert bench.own.events == 1
    assert bench.lost("streams") == 0


async def test_a_sink_that_raises_while_it_closes_did_not_get_the_stream_whole(
    bench: Bench,
) -> None:
    side = bench.open()
    side.send([(0.0, [Response("a")])])
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
    trial.send([(0.0, [Response("a")])])
    await trial.close(OUTCOME)
    assert bench.health.degraded() == {"own": "RuntimeError"}
