"""The loop: start first, one terminal event last, and the upstream closed when nobody waits."""

import asyncio

import pytest

from mlx_relay.admission import Turn
from mlx_relay.errors import StreamError
from mlx_relay.events import Response, Status, Thinking
from mlx_relay.pipeline import ShortWay
from mlx_relay.sinks.fanout import SideSinks
from mlx_relay.sinks.health import SinkHealth
from unit.relaying import (
    STOP,
    TEXT,
    THOUGHT,
    FakeClient,
    FakeExchange,
    FakeUpstream,
    Keeper,
    chat,
    queued,
    relay,
)


async def test_a_stream_begins_with_start_and_ends_with_done() -> None:
    exchange, client = FakeExchange([TEXT, TEXT, STOP]), FakeClient()
    outcome = await relay(FakeUpstream(exchange)).run(chat(), client, Turn())
    assert client.types() == ["Start", "Response", "Response", "Done"]
    assert (outcome.kind, outcome.finish_reason) == ("done", "stop")
    assert client.outcome == outcome
    assert exchange.closed.is_set()


async def test_side_sinks_and_the_count_miss_nothing_that_the_client_gets() -> None:
    client, keeper = FakeClient(), Keeper()
    upstream = FakeUpstream(FakeExchange([TEXT, TEXT, TEXT, THOUGHT, THOUGHT, TEXT, TEXT, STOP]))
    async with SideSinks({"keeper": keeper}, SinkHealth()) as side_sinks:
        service = relay(upstream, side_sinks=side_sinks)
        outcome = await service.run(chat(), client, Turn())
    kinds = ["Start", *["Response"] * 3, *["Thinking"] * 2, "ThinkingDone", *["Response"] * 2]
    assert client.types() == [*kinds, "Done"]
    assert keeper.events == client.events
    assert outcome.events == len(client.events)


async def test_no_read_is_tried_twice_on_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[bytes] = []
    take = ShortWay.take

    def note(way: ShortWay, data: bytes) -> Response | Thinking | None:
        tried.append(data)
        return take(way, data)

    monkeypatch.setattr(ShortWay, "take", note)
    texts = [TEXT.replace(b"hi", word) for word in (b"one", b"two", b"`three`", b"four", b"five")]
    pieces = [*texts, THOUGHT, TEXT, STOP]
    await relay(FakeUpstream(FakeExchange(pieces))).run(chat(), FakeClient(), Turn())
    assert texts[2] in tried
    assert len(tried) == len(set(tried))


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
    monkeypatch.setattr("mlx_relay.relayed_stream.WAITING_SECONDS", 0.0)
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


async def test_leaving_the_queue_ends_the_stream_without_a_word_to_the_upstream() -> None:
    upstream, client = FakeUpstream(None), FakeClient()
    async with asyncio.TaskGroup() as group:
        running = group.create_task(relay(upstream).run(chat(), client, queued(1)))
        await client.got(Status("queued", 1))
        running.cancel()
    assert client.outcome is not None
    assert client.outcome.kind == "client_gone"
    assert not upstream.asked.is_set()


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
