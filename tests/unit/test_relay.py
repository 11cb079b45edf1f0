"""The loop: start first, one terminal event last, and the upstream closed when nobody waits."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Self

import pytest

from mlx_relay.admission import Admission, Limits, Turn
from mlx_relay.auth.live_streams import LiveStreams
from mlx_relay.errors import StreamError, Unavailable
from mlx_relay.events import Event, Status, encode
from mlx_relay.grants import Grant, SessionGrant
from mlx_relay.pipeline import Pipeline
from mlx_relay.profiles import Deadlines, Profile
from mlx_relay.relay import Chat, Relay
from mlx_relay.sinks import Outcome
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from mlx_relay.upstream import OnHead, Receiver
from support.values import stream_info

TEXT = b'data: {"choices":[{"delta":{"content":"hi"}}]}\n\n'
GRANT = SessionGrant(7, 0, "sign-in")
STOP = b'data: {"choices":[{"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class FakeExchange:
    """Gives its pieces one by one, waits while it is paused, then ends or stays silent."""

    def __init__(self, pieces: Sequence[bytes], *, ends: bool = True) -> None:
        self.pieces = pieces
        self.ends = ends
        self.closed = asyncio.Event()
        self.given = 0
        self.flowing = asyncio.Event()
        self.flowing.set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self.closed.set()

    @property
    def is_paused(self) -> bool:
        return not self.flowing.is_set()

    def pause(self) -> None:
        self.flowing.clear()

    def resume(self) -> None:
        self.flowing.set()

    async def pump(self, receiver: Receiver) -> None:
        for piece in self.pieces:
            await self.flowing.wait()
            receiver.data(piece, asyncio.get_running_loop().time())
            self.given += 1
            await asyncio.sleep(0)
        if not self.ends:
            await asyncio.get_running_loop().create_future()
        receiver.end(None)


class FakeUpstream:
    """Opens one exchange, raises one failure, or never answers."""

    def __init__(self, outcome: FakeExchange | Exception | None) -> None:
        self.outcome = outcome
        self.asked = asyncio.Event()
        self.cancelled = False

    async def open(
        self, profile: Profile, body: bytes, on_head: OnHead = lambda _: None
    ) -> FakeExchange:
        self.asked.set()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        if self.outcome is None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                self.cancelled = True
                raise
        assert isinstance(self.outcome, FakeExchange)
        return self.outcome


class FakeClient:
    """The client's sink: keeps events, may be gone, slow, or dropped as stalled."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.outcome: Outcome | None = None
        self.is_full = False
        self.is_stalled = False
        self.gone = False
        self.reads = asyncio.Event()
        self.reads.set()
        self.got_text = asyncio.Event()
        self.sent = asyncio.Event()

    async def got(self, event: Event) -> None:
        """Wait for *event*."""
        while event not in self.events:
            self.sent.clear()
            await self.sent.wait()

    def send(self, events: Sequence[Event]) -> None:
        self.events += events
        self.sent.set()
        if any(type(event).__name__ == "Response" for event in events):
            self.got_text.set()

    async def drain(self) -> None:
        if self.gone:
            raise ConnectionResetError
        await self.reads.wait()

    async def close(self, outcome: Outcome) -> None:
        self.outcome = outcome

    def types(self) -> list[str]:
        return [type(event).__name__ for event in self.events]

    def last(self) -> str:
        return encode(self.events[-1]).decode()


def chat(*, deadlines: dict[str, float] | None = None) -> Chat:
    profile = Profile(
        id=2,
        name="p",
        host="127.0.0.1",
        port=1,
        model_path="m",
        deadlines=Deadlines(**(deadlines or {})),
    )
    return Chat(profile=profile, body=b"{}", info=stream_info(), pipeline=Pipeline(), grant=GRANT)


async def none_has_ended(_grants: object) -> set[Grant]:
    return set()


def relay(upstream: FakeUpstream, live_streams: LiveStreams | None = None) -> Relay:
    return Relay(
        upstream,
        SideSinks({}, SinkHealth()),
        admission=Admission(Limits()),
        live_streams=live_streams or LiveStreams(none_has_ended),
    )


async def test_a_stream_begins_with_start_and_ends_with_done() -> None:
    exchange, client = FakeExchange([TEXT, TEXT, STOP]), FakeClient()
    outcome = await relay(FakeUpstream(exchange)).run(chat(), client, Turn())
    assert client.types() == ["Start", "Response", "Response", "Done"]
    assert (outcome.kind, outcome.finish_reason) == ("done", "stop")
    assert client.outcome == outcome
    assert exchange.closed.is_set()


async def test_a_body_that_just_stops_is_an_error() -> None:
    client = FakeClient()
    outcome = await relay(FakeUpstream(FakeExchange([TEXT]))).run(chat(), client, Turn())
    assert client.types() == ["Start", "Response", "Error"]
    assert (outcome.kind, outcome.code) == ("error", "upstream_truncated")


async def test_an_upstream_that_fails_to_open_is_an_error_event() -> None:
    client = FakeClient()
    failure = StreamError("upstream_rejected", "4xx", upstream_status=404)
    outcome = await relay(FakeUpstream(failure)).run(chat(), client, Turn())
    assert client.types() == ["Start", "Error"]
    assert (outcome.code, outcome.cause, outcome.upstream_status) == (
        "upstream_rejected",
        "4xx",
        404,
    )


async def test_a_bug_of_ours_ends_as_an_internal_error_without_its_words() -> None:
    client = FakeClient()
    await relay(FakeUpstream(RuntimeError("a secret"))).run(chat(), client, Turn())
    assert client.types() == ["Start", "Error"]
    assert '"code":"internal"' in client.last()
    assert "secret" not in client.last()


async def test_the_exchange_is_closed_as_soon_as_the_answer_is_complete() -> None:
    exchange, client = FakeExchange([TEXT, STOP], ends=False), FakeClient()
    await relay(FakeUpstream(exchange)).run(chat(), client, Turn())
    assert exchange.closed.is_set()
    assert client.types()[-1] == "Done"


@pytest.mark.parametrize("stage", ["before the head", "in mid-stream"])
async def test_a_cancelled_request_closes_the_upstream_and_is_client_gone(stage: str) -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    upstream = FakeUpstream(exchange if stage == "in mid-stream" else None)
    async with asyncio.TaskGroup() as group:
        running = group.create_task(relay(upstream).run(chat(), client, Turn()))
        await (client.got_text.wait() if stage == "in mid-stream" else upstream.asked.wait())
        running.cancel()
    assert exchange.closed.is_set() or upstream.cancelled
    assert client.outcome is not None
    assert client.outcome.kind == "client_gone"
    assert client.outcome.upstream_release is not None
    assert "Error" not in client.types()


async def test_a_client_whose_connection_is_gone_ends_the_stream() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    client.gone = client.is_full = True
    outcome = await relay(FakeUpstream(exchange)).run(chat(), client, Turn())
    assert outcome.kind == "client_gone"


async def test_a_client_that_stalls_is_dropped_as_too_slow() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    client.gone = client.is_full = client.is_stalled = True
    outcome = await relay(FakeUpstream(exchange)).run(chat(), client, Turn())
    assert (outcome.kind, outcome.code) == ("error", "too_slow")


async def test_a_full_client_pauses_the_upstream_until_it_has_read() -> None:
    exchange, client = FakeExchange([TEXT] * 20 + [STOP]), FakeClient()
    client.is_full = True
    client.reads.clear()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(relay(FakeUpstream(exchange)).run(chat(), client, Turn()))
        await client.got_text.wait()
        for _ in range(50):
            await asyncio.sleep(0)
        assert exchange.is_paused
        assert exchange.given == 1
        client.is_full = False
        client.reads.set()
        outcome = await running
    assert outcome.kind == "done"
    assert client.types().count("Response") == 20


async def test_shutting_down_ends_live_streams_with_an_event_and_takes_no_more() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        service.shut_down()
        outcome = await running
    assert (outcome.kind, outcome.code) == ("error", "shutting_down")
    assert client.types() == ["Start", "Response", "Error"]
    with pytest.raises(Unavailable):
        await service.admit(1, chat().profile).__aenter__()


async def test_one_stream_is_stopped_by_its_id_and_counts_as_one_whose_client_left() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        service.stop("another", "asked")
        assert client.types() == ["Start", "Response"]
        service.stop(chat().info.stream_id, "asked")
        outcome = await running
    assert client.types() == ["Start", "Response", "Error"]
    assert '"code":"stopped"' in client.last()
    assert (outcome.kind, outcome.code, outcome.cause) == ("client_gone", None, "asked")
    assert outcome.upstream_release is not None
    assert exchange.closed.is_set()


@pytest.mark.parametrize(
    ("deadlines", "pieces", "cause"),
    [
        ({"first_event": 0.02}, [], "no_progress"),
        ({"first_event": 0.02}, [b": keepalive\n\n"], "no_progress"),
        ({"next_event": 0.02}, [TEXT], "idle"),
        ({"total": 0.02}, [TEXT], "total"),
    ],
)
async def test_silence_runs_into_the_deadline_of_its_stage(
    deadlines: dict[str, float], pieces: list[bytes], cause: str
) -> None:
    client = FakeClient()
    exchange = FakeExchange(pieces, ends=False)
    outcome = await relay(FakeUpstream(exchange)).run(chat(deadlines=deadlines), client, Turn())
    assert (outcome.code, outcome.cause) == ("upstream_timeout", cause)


async def test_the_total_deadline_also_runs_while_the_upstream_says_nothing() -> None:
    upstream, client = FakeUpstream(None), FakeClient()
    outcome = await relay(upstream).run(chat(deadlines={"total": 0.02}), client, Turn())
    assert (outcome.code, outcome.cause) == ("upstream_timeout", "total")
    assert upstream.cancelled


def queued(position: int) -> Turn:
    turn = Turn()
    turn.move(position)
    return turn


async def test_who_waits_is_told_the_place_and_asks_the_upstream_when_the_turn_comes() -> None:
    upstream, client, turn = FakeUpstream(FakeExchange([TEXT, STOP])), FakeClient(), queued(2)
    async with asyncio.TaskGroup() as group:
        group.create_task(relay(upstream).run(chat(), client, turn))
        await client.got(Status("queued", 2))
        turn.move(1)
        await client.got(Status("queued", 1))
        assert not upstream.asked.is_set()
        turn.move(0)
    assert client.types() == ["Start", "Status", "Status", "Response", "Done"]


async def test_who_waited_is_told_that_the_turn_has_come() -> None:
    upstream, client, turn = FakeUpstream(None), FakeClient(), queued(1)
    service = relay(upstream)
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(chat(), client, turn))
        await client.got(Status("queued", 1))
        turn.move(0)
        await client.got(Status("waiting"))
        service.shut_down()
    assert client.types() == ["Start", "Status", "Status", "Error"]


async def test_a_silent_upstream_is_told_of_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlx_relay.relay.WAITING_SECONDS", 0.0)
    exchange, client = FakeExchange([], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    async with asyncio.TaskGroup() as group:
        group.create_task(service.run(chat(), client, Turn()))
        await client.got(Status("waiting"))
        service.shut_down()
    assert client.types() == ["Start", "Status", "Error"]


async def test_no_deadline_runs_in_the_queue() -> None:
    client, turn = FakeClient(), queued(1)
    service = relay(FakeUpstream(FakeExchange([TEXT, STOP])))
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(deadlines={"total": 0.01}), client, turn))
        await client.got(Status("queued", 1))
        passed = asyncio.Event()
        asyncio.get_running_loop().call_later(0.02, passed.set)
        await passed.wait()
        turn.move(0)
    assert running.result().kind == "done"


async def test_shutting_down_ends_who_waits_and_asks_nothing_of_the_upstream() -> None:
    upstream, client, turn = FakeUpstream(None), FakeClient(), queued(1)
    service = relay(upstream)
    client.is_full = True
    client.reads.clear()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, turn))
        await client.got(Status("queued", 1))
        service.shut_down()
        turn.move(0)
        for _ in range(20):
            await asyncio.sleep(0)
        client.reads.set()
    assert running.result().code == "shutting_down"
    assert client.types() == ["Start", "Status", "Error"]
    assert not upstream.asked.is_set()


async def test_leaving_the_queue_ends_the_stream_without_a_word_to_the_upstream() -> None:
    upstream, client = FakeUpstream(None), FakeClient()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(relay(upstream).run(chat(), client, queued(1)))
        await client.got(Status("queued", 1))
        running.cancel()
    assert client.outcome is not None
    assert client.outcome.kind == "client_gone"
    assert not upstream.asked.is_set()


async def test_a_stream_ends_when_what_let_it_in_has_ended() -> None:
    async def all_have_ended(grants: Collection[Grant]) -> Collection[Grant]:
        return grants

    live_streams, client = LiveStreams(all_have_ended), FakeClient()
    exchange = FakeExchange([TEXT], ends=False)
    service = relay(FakeUpstream(exchange), live_streams)
    async with asyncio.TaskGroup() as group:
        watching = group.create_task(live_streams.watch())
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        live_streams.look()
        outcome = await running
        watching.cancel()
    assert client.types() == ["Start", "Response", "Error"]
    assert (outcome.code, outcome.cause) == ("session_revoked", "revoked")
    assert exchange.closed.is_set()


async def test_draining_takes_no_more_and_waits_for_those_that_run() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    await service.drain()
    with pytest.raises(Unavailable):
        await service.admit(1, chat().profile).__aenter__()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(service.run(chat(), client, Turn()))
        await client.got_text.wait()
        drained = group.create_task(service.drain())
        await asyncio.sleep(0)
        assert (service.streams, drained.done()) == (1, False)
        running.cancel()
    assert service.streams == 0


@pytest.mark.parametrize("steps", range(40))
async def test_a_cancellation_at_any_await_leaves_nothing_behind(steps: int) -> None:
    exchange, client = FakeExchange([TEXT, TEXT, STOP]), FakeClient()
    service = relay(FakeUpstream(exchange))
    running = asyncio.ensure_future(service.run(chat(), client, Turn()))
    for _ in range(steps):
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled() or running.result().kind == "done"
    assert service.streams == 0
    if client.events:
        assert client.outcome is not None
        ends = [kind for kind in client.types() if kind in ("Done", "Error")]
        assert ends == (["Done"] if client.outcome.kind == "done" else [])
    assert exchange.closed.is_set() or exchange.given == 0


async def test_a_client_that_does_not_take_its_end_is_let_go_with_that_end() -> None:
    exchange, client = FakeExchange([TEXT], ends=False), FakeClient()
    service = relay(FakeUpstream(exchange))
    running = asyncio.ensure_future(service.run(chat(), client, Turn()))
    await client.got_text.wait()
    client.reads.clear()
    service.shut_down()
    service.let_go()
    await asyncio.wait([running])
    assert running.cancelled()
    assert client.outcome is not None
    assert (client.outcome.kind, client.outcome.code) == ("error", "shutting_down")
    assert exchange.closed.is_set()
