import asyncio
from itertools import pairwise
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import StreamError
from mlx_relay.upstream.response import MAX_HEAD_BYTES, ResponseReader

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b"5\r\nhello\r\n1\r\n,\r\n6\r\n world\r\n0\r\n\r\n"


class FakeTransport:
    """Knows whether it is read from, and whether it lives."""

    def __init__(self) -> None:
        self._is_reading = True
        self.aborted = False

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True

    def reads_on(self) -> bool:
        return self._is_reading

    def is_closing(self) -> bool:
        return self.aborted

    def abort(self) -> None:
        self.aborted = True


class Keeper:
    """A receiver that keeps what it gets; one that *fails* raises."""

    def __init__(self, *, fails: bool = False) -> None:
        self.reads: list[bytes] = []
        self.ends: list[StreamError | None] = []
        self.fails = fails

    def data(self, data: bytes, at: float) -> None:
        if self.fails:
            raise ZeroDivisionError
        self.reads.append(data)

    def end(self, failure: StreamError | None) -> None:
        self.ends.append(failure)


def reader() -> tuple[ResponseReader, FakeTransport]:
    made, transport = ResponseReader(lambda: 1.0), FakeTransport()
    made.connection_made(cast("asyncio.Transport", transport))
    return made, transport


async def test_the_parts_of_one_read_travel_together() -> None:
    response, _ = reader()
    keeper = Keeper()
    response.data_received(HEAD)
    response.deliver_to(keeper)
    response.data_received(BODY)
    assert keeper.reads == [b"hello, world"]
    assert keeper.ends == [None]
    assert response.over.done()


@given(st.sets(st.integers(1, len(HEAD + BODY) - 1)))
def test_any_cut_gives_the_same_body_and_one_end(cuts: set[int]) -> None:
    async def read() -> None:
        response, _ = reader()
        keeper = Keeper()
        response.deliver_to(keeper)
        places = [0, *sorted(cuts), len(HEAD + BODY)]
        for start, stop in pairwise(places):
            response.data_received((HEAD + BODY)[start:stop])
        response.connection_lost(None)
        assert (await response.head).headers["content-type"] == "text/event-stream"
        assert b"".join(keeper.reads) == b"hello, world"
        assert keeper.ends == [None]

    asyncio.run(read())


async def test_it_waits_from_the_head_until_somebody_takes_the_body() -> None:
    response, transport = reader()
    response.data_received(HEAD + b"5\r\nhello\r\n")
    assert not transport.reads_on()
    keeper = Keeper()
    response.deliver_to(keeper)
    assert transport.reads_on()
    assert keeper.reads == [b"hello"]


async def test_what_ended_before_it_was_asked_for_is_delivered_with_its_end() -> None:
    response, _ = reader()
    response.data_received(HEAD + BODY)
    response.connection_lost(None)
    keeper = Keeper()
    response.deliver_to(keeper)
    assert keeper.reads == [b"hello, world"]
    assert keeper.ends == [None]


async def test_paused_it_stays_so_until_it_is_resumed() -> None:
    response, transport = reader()
    response.data_received(HEAD)
    response.pause()
    response.deliver_to(Keeper())
    assert (response.is_paused, transport.reads_on()) == (True, False)
    response.resume()
    assert (response.is_paused, transport.reads_on()) == (False, True)


async def test_what_came_before_broken_framing_is_delivered() -> None:
    response, _ = reader()
    keeper = Keeper()
    response.deliver_to(keeper)
    response.data_received(HEAD + b"5\r\nhello\r\nrubbish\r\n")
    assert keeper.reads == [b"hello"]
    (failure,) = keeper.ends
    assert failure is not None
    assert failure.code == "upstream_protocol"


async def test_trailers_are_passed_over() -> None:
    response, _ = reader()
    keeper = Keeper()
    response.deliver_to(keeper)
    trailers = b"A: b\r\n" * MAX_HEAD_BYTES
    response.data_received(HEAD + BODY.removesuffix(b"\r\n") + trailers + b"\r\n")
    assert keeper.reads == [b"hello, world"]
    assert keeper.ends == [None]
    assert "a" not in (await response.head).headers


async def test_an_informational_head_is_passed_over() -> None:
    response, _ = reader()
    response.data_received(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + HEAD)
    head = await response.head
    assert head.status == 200
    assert "link" not in head.headers


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
async def test_interim_heads_without_measure_are_refused_however_they_are_cut(size: int) -> None:
    response, _ = reader()
    data = b"HTTP/1.1 100 Continue\r\n\r\n" * 1000 + HEAD
    for start in range(0, len(data), size):
        response.data_received(data[start : start + size])
    with pytest.raises(StreamError) as raised:
        await response.head
    assert raised.value.code == "upstream_protocol"


@pytest.mark.parametrize("ending", [b"", b"\r\n\r\n"])
async def test_a_head_without_measure_is_refused(ending: bytes) -> None:
    response, _ = reader()
    response.data_received(b"HTTP/1.1 200 OK\r\nA: " + b"a" * MAX_HEAD_BYTES + ending)
    with pytest.raises(StreamError) as raised:
        await response.head
    assert raised.value.code == "upstream_protocol"


async def test_a_connection_that_ends_before_the_head_is_closed() -> None:
    response, _ = reader()
    response.connection_lost(None)
    with pytest.raises(StreamError) as raised:
        await response.head
    assert (raised.value.code, raised.value.cause) == ("upstream_unreachable", "closed")


async def test_a_receiver_that_fails_ends_the_exchange_with_its_error() -> None:
    response, transport = reader()
    response.deliver_to(Keeper(fails=True))
    response.data_received(HEAD + BODY)
    with pytest.raises(ZeroDivisionError):
        await response.over
    assert transport.aborted
