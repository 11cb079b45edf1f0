"""A user's sink in a thread of its own: nobody waits for it, and its losses are counted."""

import asyncio
import threading
from collections.abc import Iterator, Sequence

import pytest

from mlx_relay.errors import ConfigurationError
from mlx_relay.events import Event, Response
from mlx_relay.sinks import Outcome, SinkFactory, StreamInfo, own_thread
from mlx_relay.sinks.own_thread import SinkThread
from support.values import losses, sink_context, stream_info

OUTCOME = Outcome(kind="done", seconds=1)
PATIENCE = 30.0


class OwnSinks:
    """A factory and sink that blocks in ``send`` until it may go on."""

    def __init__(self) -> None:
        self.is_sending = threading.Event()
        self.may_go_on = threading.Event()
        self.texts: list[str] = []
        self.threads: set[str] = set()
        self.closed = 0

    def open(self, stream: StreamInfo) -> "OwnSinks":
        return self

    def send(self, events: Sequence[Event]) -> None:
        self.threads.add(threading.current_thread().name)
        self.is_sending.set()
        assert self.may_go_on.wait(PATIENCE)
        self.texts += [event.content for event in events if isinstance(event, Response)]

    async def drain(self) -> None:
        """Never called."""

    async def close(self, outcome: Outcome | None = None) -> None:
        await asyncio.sleep(0)
        self.closed += 1


class RawSinks(OwnSinks):
    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def receive(self, data: bytes, at: float) -> None:
        self.data += data


class BreaksOnSend(OwnSinks):
    def send(self, events: Sequence[Event]) -> None:
        raise RuntimeError("broken")


class ExitsOnSend(OwnSinks):
    def send(self, events: Sequence[Event]) -> None:
        raise SystemExit


class Bench:
    """A user's sink in its thread, and what was counted."""

    def __init__(self, own: SinkFactory, max_calls: int = 100, max_bytes: int = 1000) -> None:
        self.context = sink_context("own")
        self.health = self.context.health
        self.thread = SinkThread(
            "own", lambda: own, self.health, max_calls=max_calls, max_bytes=max_bytes
        )

    def lost(self) -> dict[str, int]:
        return losses(self.context)


@pytest.fixture
def own() -> Iterator[OwnSinks]:
    own = OwnSinks()
    yield own
    own.may_go_on.set()


async def test_a_sink_that_blocks_gets_everything_later_and_nobody_waits(own: OwnSinks) -> None:
    bench = Bench(own)
    sink = bench.thread.open(stream_info())
    for text in "abc":
        sink.send([Response(text)], [0.0])
    await sink.close(OUTCOME)
    assert own.texts == []
    own.may_go_on.set()
    await bench.thread.close()
    assert own.texts == ["a", "b", "c"]
    assert own.threads == {"own"}
    assert own.closed == 2
    assert bench.lost() == {}


async def test_what_finds_no_room_is_counted_and_so_is_the_rest_of_its_stream(
    own: OwnSinks,
) -> None:
    bench = Bench(own, max_calls=2)
    first = bench.thread.open(stream_info())
    first.send([Response("a")], [0.0])
    assert await asyncio.to_thread(own.is_sending.wait, PATIENCE)
    for text in "bcde":
        first.send([Response(text)], [0.0])
    late = bench.thread.open(stream_info())
    late.send([Response("f")], [0.0])
    assert bench.health.degraded() == {"own": "its queue is full"}
    await first.close(OUTCOME)
    await late.close(OUTCOME)
    own.may_go_on.set()
    await bench.thread.close()
    assert own.texts == ["a", "b", "c"]
    assert bench.lost() == {"streams": 2, "events": 3}
    assert own.closed == 2
    assert bench.health.degraded() == {}


async def test_what_waits_is_bounded_in_bytes_too(own: OwnSinks) -> None:
    bench = Bench(own, max_bytes=10)
    sink = bench.thread.open(stream_info())
    sink.send([Response("a" * 11)], [0.0])
    await sink.close(OUTCOME)
    await bench.thread.close()
    assert bench.lost() == {"streams": 1, "events": 1}


async def test_raw_bytes_come_before_their_events_to_a_sink_that_takes_them() -> None:
    own = RawSinks()
    own.may_go_on.set()
    bench = Bench(own)
    sink = bench.thread.open(stream_info())
    sink.receive(b"abc", 1.0)
    sink.send([Response("a")], [0.0])
    await sink.close(OUTCOME)
    await bench.thread.close()
    assert (own.data, own.texts) == (b"abc", ["a"])


async def test_raw_bytes_are_no_loss_to_a_sink_that_does_not_take_them(own: OwnSinks) -> None:
    bench = Bench(own, max_bytes=10)
    sink = bench.thread.open(stream_info())
    sink.receive(b"x" * 5, 1.0)
    await sink.close(OUTCOME)
    await bench.thread.close()
    assert bench.lost() == {}


async def test_a_sink_that_raises_is_cut_out_as_any_other() -> None:
    bench = Bench(BreaksOnSend())
    sink = bench.thread.open(stream_info())
    sink.send([Response("a"), Response("b")], [0.0, 0.0])
    await sink.close(OUTCOME)
    await bench.thread.close()
    assert bench.lost() == {"streams": 1, "events": 2}
    assert bench.health.degraded() == {"own": "RuntimeError"}


async def test_a_sink_that_is_a_settings_mistake_says_so_at_start() -> None:
    def make() -> SinkFactory:
        raise ConfigurationError("settings: sink.own: no")

    with pytest.raises(ConfigurationError, match=r"sink\.own: no"):
        SinkThread("own", make, sink_context("own").health)


async def test_a_sink_that_hangs_does_not_keep_the_process_from_its_end(
    own: OwnSinks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(own_thread, "FACTORY_CLOSE_SECONDS", 0.01)
    bench = Bench(own)
    sink = bench.thread.open(stream_info())
    sink.send([Response("a")], [0.0])
    await sink.close(OUTCOME)
    await bench.thread.close()
    assert own.closed == 0


async def test_a_sink_that_ends_its_thread_harms_no_stream() -> None:
    bench = Bench(ExitsOnSend())
    sink = bench.thread.open(stream_info())
    for _ in range(3):
        sink.send([Response("a")], [0.0])
    await bench.thread.close()
    sink.send([Response("b")], [0.0])
    await sink.close(OUTCOME)
    assert bench.health.degraded() == {"own": "its thread ended"}
