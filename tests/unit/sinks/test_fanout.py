"""The fan-out: every sink sees the same, and a broken one harms nobody else."""

import asyncio
from collections.abc import Sequence

import pytest

from mlx_relay.events import Event, Response
from mlx_relay.sinks import Outcome, Sink, SinkFactory, StreamInfo, fanout
from mlx_relay.sinks.fanout import FanOut
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


def fan_out(client: Keeper, failed: list[str], **sides: SinkFactory) -> FanOut:
    return FanOut(client, sides, STREAM, failed.append)


async def test_every_sink_sees_the_same_events_and_the_outcome() -> None:
    client, side, failed = Keeper(), Keeper(), list[str]()
    sinks = fan_out(client, failed, side=side)
    sinks.send([Response("a")])
    sinks.send([Response("b")])
    await sinks.close(OUTCOME)
    assert client.events == side.events == [Response("a"), Response("b")]
    assert client.outcome == side.outcome == OUTCOME
    assert failed == []


@pytest.mark.parametrize("broken", [BreaksOnSend, BreaksOnOpen, BreaksOnClose, BreaksOnReceive])
async def test_a_sink_that_raises_is_reported_once_and_the_others_go_on(
    broken: type[Keeper],
) -> None:
    client, side, failed = Keeper(), RawKeeper(), list[str]()
    sinks = fan_out(client, failed, broken=broken(), side=side)
    for text in ("a", "b", "c"):
        sinks.receive(text.encode(), 1.0)
        sinks.send([Response(text)])
    await sinks.close(OUTCOME)
    assert failed == ["broken"]
    assert len(client.events) == len(side.events) == 3
    assert side.data == b"abc"


async def test_a_sink_that_hangs_while_it_closes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(Keeper):
        async def close(self, outcome: Outcome | None = None) -> None:
            await asyncio.get_running_loop().create_future()

    monkeypatch.setattr(fanout, "CLOSE_SECONDS", 0.0)
    client, after, failed = Keeper(), Keeper(), list[str]()
    sinks = fan_out(client, failed, hangs=Hangs(), after=after)
    await sinks.close(OUTCOME)
    assert failed == ["hangs"]
    assert client.outcome == OUTCOME


async def test_raw_bytes_go_only_to_the_sinks_that_want_them() -> None:
    raw, plain = RawKeeper(), Keeper()
    assert fan_out(Keeper(), [], raw=raw).wants_raw
    assert not fan_out(Keeper(), [], plain=plain).wants_raw
