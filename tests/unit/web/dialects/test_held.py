"""The sink before the head of the answer: what it keeps, and when it knows how things go."""

import asyncio
from collections.abc import Sequence

from mlx_relay.events import Done, Error, Event, Response, Start, Status
from mlx_relay.sinks import Outcome
from mlx_relay.web.dialects.held import HeldSink

START = Start("s", "p", "m")
BROKEN = Error("Broken.", "internal", True)
SOON = 60.0


class Client:
    """A client's sink that keeps what it is given."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.is_full = False
        self.is_stalled = False
        self.drained = 0
        self.outcome: Outcome | None = None

    def send(self, events: Sequence[Event]) -> None:
        self.events += events

    async def drain(self) -> None:
        self.drained += 1

    async def close(self, outcome: Outcome) -> None:
        self.outcome = outcome


async def test_what_was_held_goes_first_and_the_rest_straight_through() -> None:
    held, client = HeldSink(), Client()
    held.send([START])
    held.send([Response("a")])
    held.open(client)
    held.send([Response("b"), Done("stop")])
    assert client.events == [START, Response("a"), Response("b"), Done("stop")]


async def test_a_stream_that_speaks_has_not_failed() -> None:
    held = HeldSink()
    held.send([START, Response("a"), BROKEN])
    assert await held.failure(SOON) is None


async def test_a_stream_that_ends_without_a_word_has_not_failed() -> None:
    held = HeldSink()
    held.send([START, Done("stop")])
    assert await held.failure(SOON) is None


async def test_a_failure_before_the_first_word_is_told_and_nobody_waits_for_an_answer() -> None:
    held = HeldSink()
    held.send([START, Status("queued", 1)])
    async with asyncio.TaskGroup() as group:
        failure = group.create_task(held.failure(SOON))
        drain = group.create_task(held.drain())
        held.send([BROKEN])
    assert failure.result() == BROKEN
    assert drain.done()


async def test_after_the_wait_a_failure_goes_to_the_client_that_opens() -> None:
    held, client = HeldSink(), Client()
    held.send([START])
    assert await held.failure(0) is None
    held.send([BROKEN])
    async with asyncio.TaskGroup() as group:
        drain = group.create_task(held.drain())
        held.open(client)
    assert drain.done()
    assert client.events == [START, BROKEN]
    assert client.drained == 1


async def test_it_is_full_from_the_first_word_until_it_opens() -> None:
    held, client = HeldSink(), Client()
    seen = [held.is_full]
    for event in (START, Response("a")):
        held.send([event])
        seen.append(held.is_full)
    held.open(client)
    assert [*seen, held.is_full] == [False, False, True, False]


async def test_once_open_it_is_as_full_as_the_client_is() -> None:
    held, client = HeldSink(), Client()
    held.open(client)
    client.is_full = client.is_stalled = True
    assert (held.is_full, held.is_stalled) == (True, True)


async def test_closing_closes_the_client_if_there_is_one() -> None:
    outcome = Outcome(kind="done", seconds=1.0)
    held, client = HeldSink(), Client()
    await held.close(outcome)
    held.open(client)
    await held.close(outcome)
    assert client.outcome == outcome
    assert not HeldSink().is_stalled
