"""The fan-out: every sink sees the same, and a broken one harms nobody else."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from prometheus_client import CollectorRegistry

from mlx_relay.events import Done, Event, Response
from mlx_relay.sinks import Outcome, Sink, StreamInfo, fanout, side
from mlx_relay.sinks.fanout import MAX_WAITING, STREAMS_IN_A_ROW, FanOut, SideSinks
from mlx_relay.sinks.health import SinkHealth
from support.values import stream_info

STREAM = stream_info()
OUTCOME = Outcome(kind="done", seconds=1)


class Keeper:
    """A sink, and a factory of itself, that keeps what it gets."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.outcome: Outcome | None = None

    def open(self, stream: StreamInfo) -> Sink:
        return self

    def send(self, events: Sequence[Event]) -> None:
        self.events += events

    async def drain(self) -> None:
        pass

    async def close(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome


class RawKeeper(Keeper):
    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def receive(self, data: bytes, at: float) -> None:
        self.data += data


class TimedKeeper(Keeper):
    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []
        self.came = asyncio.Event()

    def send_at(self, events: Sequence[Event], times: Sequence[float]) -> None:
        self.send(events)
        self.times += times
        self.came.set()

    async def got(self, count: int) -> None:
        while len(self.events) < count:
            self.came.clear()
            await self.came.wait()


class KeepsFactoryOpen(Keeper):
    """Keeps the outcome of its stream when the factory closes."""

    async def close(self, outcome: Outcome | None = None) -> None:
        self.outcome = outcome or self.outcome


class BreaksOnSend(Keeper):
    def send(self, events: Sequence[Event]) -> None:
        raise RuntimeError("broken")


class BreaksOnOpen(Keeper):
    def open(self, stream: StreamInfo) -> Sink:
        raise RuntimeError("broken")


class BreaksOnClose(Keeper):
    async def close(self, outcome: Outcome | None = None) -> None:
        raise RuntimeError("broken")


class BreaksOnReceive(RawKeeper):
    def receive(self, data: bytes, at: float) -> None:
        raise RuntimeError("broken")


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def health(registry: CollectorRegistry) -> SinkHealth:
    return SinkHealth(registry)


async def test_every_sink_sees_the_same_events_and_the_outcome(health: SinkHealth) -> None:
    client, keeper = Keeper(), KeepsFactoryOpen()
    async with SideSinks({"side": keeper}, health) as side_sinks:
        sinks = FanOut(client, side_sinks, STREAM)
        sinks.send([Response("a")], 0.0)
        sinks.send([Response("b")], 0.0)
        await sinks.close(OUTCOME)
    assert client.events == keeper.events == [Response("a"), Response("b")]
    assert client.outcome == keeper.outcome == OUTCOME
    assert health.degraded() == {}


async def test_more_of_a_text_comes_to_the_client_at_once_and_to_the_others_in_a_row(
    health: SinkHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "LINGER_SECONDS", 0.01)
    client, timed = Keeper(), TimedKeeper()
    sinks = FanOut(client, SideSinks({"timed": timed}, health), STREAM)
    sinks.send([Response("a")], 1.0)
    sinks.send_more(Response("b"), 2.0)
    sinks.send_more(Response("c"), 3.0)
    assert client.events == [Response("a"), Response("b"), Response("c")]
    assert timed.events == [Response("a")]
    await timed.got(3)
    assert timed.events == client.events
    assert timed.times == [1.0, 2.0, 3.0]
    sinks.send_more(Response("d"), 4.0)
    await timed.got(4)


async def test_text_of_more_streams_than_go_in_a_row_is_let_out_as_well(
    health: SinkHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fanout, "LINGER_SECONDS", 0.01)
    timed = TimedKeeper()
    side_sinks = SideSinks({"timed": timed}, health)
    for _ in range(2 * STREAMS_IN_A_ROW + 1):
        FanOut(Keeper(), side_sinks, STREAM).send_more(Response("a"), 1.0)
    await timed.got(2 * STREAMS_IN_A_ROW + 1)


async def test_text_that_waits_goes_before_what_follows_it(health: SinkHealth) -> None:
    client, keeper = Keeper(), KeepsFactoryOpen()
    async with SideSinks({"side": keeper}, health) as side_sinks:
        sinks = FanOut(client, side_sinks, STREAM)
        sinks.send_more(Response("a"), 1.0)
        sinks.send([Done("stop")], 2.0)
        assert keeper.events == [Response("a"), Done("stop")]
        sinks.send_more(Response("b"), 3.0)
        await sinks.close(OUTCOME)
    assert keeper.events == client.events


async def test_no_more_text_waits_than_a_bound(health: SinkHealth) -> None:
    keeper = Keeper()
    sinks = FanOut(Keeper(), SideSinks({"side": keeper}, health), STREAM)
    for _ in range(MAX_WAITING - 1):
        sinks.send_more(Response("a"), 1.0)
    assert keeper.events == []
    sinks.send_more(Response("a"), 1.0)
    assert len(keeper.events) == MAX_WAITING


@pytest.mark.parametrize("broken", [BreaksOnSend, BreaksOnOpen, BreaksOnClose, BreaksOnReceive])
async def test_a_sink_that_raises_is_counted_once_and_the_others_go_on(
    broken: type[Keeper], health: SinkHealth, registry: CollectorRegistry
) -> None:
    client, keeper = Keeper(), RawKeeper()
    async with SideSinks({"broken": broken(), "side": keeper}, health) as side_sinks:
        sinks = FanOut(client, side_sinks, STREAM)
        for text in ("a", "b", "c"):
            sinks.receive(text.encode(), 1.0)
            sinks.send([Response(text)], 0.0)
        await sinks.close(OUTCOME)
    assert registry.get_sample_value("mlx_relay_sink_failures_total", {"sink": "broken"}) == 1
    assert len(client.events) == len(keeper.events) == 3
    assert keeper.data == b"abc"
    assert set(health.degraded()) == {"broken"}


async def test_a_sink_that_hangs_while_it_closes_keeps_nobody_waiting(
    health: SinkHealth, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Hangs(Keeper):
        async def close(self, outcome: Outcome | None = None) -> None:
            await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(side, "CLOSE_SECONDS", 0.01)
    monkeypatch.setattr(side, "FACTORY_CLOSE_SECONDS", 0.01)
    client, after = Keeper(), KeepsFactoryOpen()
    async with SideSinks({"hangs": Hangs(), "after": after}, health) as side_sinks:
        sinks = FanOut(client, side_sinks, STREAM)
        await sinks.close(OUTCOME)
        assert client.outcome == OUTCOME
    assert after.outcome == OUTCOME
    assert health.degraded() == {"hangs": "TimeoutError"}


async def test_a_factory_that_raises_while_it_closes_keeps_no_other_from_closing(
    health: SinkHealth,
) -> None:
    last = Keeper()
    async with SideSinks({"broken": BreaksOnClose(), "last": last}, health):
        last.outcome = OUTCOME
    assert last.outcome is None


async def test_raw_bytes_go_only_to_the_sinks_that_want_them(health: SinkHealth) -> None:
    assert FanOut(Keeper(), SideSinks({"raw": RawKeeper()}, health), STREAM).wants_raw
    assert not FanOut(Keeper(), SideSinks({"plain": Keeper()}, health), STREAM).wants_raw


async def test_the_head_goes_to_the_sinks_that_want_it_and_one_that_raises_harms_no_other(
    health: SinkHealth,
) -> None:
    class HeadKeeper(Keeper):
        def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
            self.head = (status, headers, at)

    class BreaksOnHead(Keeper):
        def receive_head(self, status: int, headers: Mapping[str, str], at: float) -> None:
            raise RuntimeError("broken")

    keeper = HeadKeeper()
    factories = {"plain": Keeper(), "broken": BreaksOnHead(), "head": keeper}
    sinks = FanOut(Keeper(), SideSinks(factories, health), STREAM)
    sinks.receive_head(503, {"server": "mlx"}, 1.0)
    assert keeper.head == (503, {"server": "mlx"}, 1.0)
    assert set(health.degraded()) == {"broken"}
