import math
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fake_mlx.exchange import Ending, TransferChunk
from fake_mlx.replay import (
    FULL_SPEED,
    AtEnd,
    Pace,
    Rechunk,
    make_plan,
    parse_rechunk,
    parse_speed,
    recut,
)
from handmade import handmade

HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def wire(*pieces: bytes, pace: Pace | None = None, **how: Any) -> list[bytes]:
    plan = make_plan(handmade(*pieces, **how), pace or Pace())
    return [piece.data for piece in plan.pieces]


def test_every_transfer_chunk_becomes_one_http_chunk() -> None:
    assert wire(b"one", b"two!") == [HEAD, b"3\r\none\r\n", b"4\r\ntwo!\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize("end", ["fin-without-terminator", "timeout", "client-closed", "reset"])
def test_a_body_that_was_not_ended_is_not_terminated(end: Ending) -> None:
    assert wire(b"one", end=end) == [HEAD, b"3\r\none\r\n"]


def test_a_close_delimited_body_goes_out_bare() -> None:
    head = b"HTTP/1.0 200 OK\r\n\r\n"
    assert wire(b"one", b"two", framing="close", http="1.0") == [head, b"one", b"two"]


def test_a_content_length_is_that_of_the_body_when_the_body_is_whole() -> None:
    wrong = [("Content-Length", "99")]
    assert b"Content-Length: 3" in wire(b"one", framing="content-length", headers=wrong)[0]
    cut = wire(b"one", framing="content-length", headers=wrong, end="fin-without-terminator")
    assert b"Content-Length: 99" in cut[0]


def test_a_close_without_reply_sends_nothing() -> None:
    assert wire(status=None, framing="close") == []


@pytest.mark.parametrize(
    ("how", "at_end"),
    [
        ({}, "keep-alive"),
        ({"framing": "content-length"}, "keep-alive"),
        ({"headers": [("Connection", "Close")]}, "close"),
        ({"headers": [("Connection", "Keep-Alive")]}, "keep-alive"),
        ({"framing": "close"}, "close"),
        ({"http": "1.0", "framing": "content-length"}, "close"),
        ({"end": "timeout"}, "close"),
        ({"end": "client-closed"}, "close"),
        ({"end": "fin-without-terminator"}, "close"),
        ({"end": "reset"}, "reset"),
        ({"status": None, "framing": "close"}, "close"),
    ],
)
def test_a_connection_ends_as_it_was_recorded(how: dict[str, Any], at_end: AtEnd) -> None:
    assert make_plan(handmade(**how), Pace()).at_end == at_end


def test_a_factor_divides_every_moment() -> None:
    plan = make_plan(handmade(b"1", b"2", ends_at=8.0), Pace(speed=2.0))
    assert [piece.at for piece in plan.pieces] == [0, 0.0005, 0.001, 4.0]
    assert plan.ends_at == 4.0
    assert plan.batches == ()


def test_at_full_speed_everything_is_due_at_once_and_may_travel_together() -> None:
    plan = make_plan(handmade(b"1", b"2", ends_at=8.0), Pace(speed=FULL_SPEED))
    assert {piece.at for piece in plan.pieces} | {plan.ends_at} == {0.0}
    assert b"".join(batch.data for batch in plan.batches) == b"".join(p.data for p in plan.pieces)
    assert make_plan(handmade(b"1"), Pace(FULL_SPEED, 1)).batches == ()


CHUNKS = st.lists(st.binary(min_size=1), min_size=1).map(
    lambda pieces: [TransferChunk(float(number), data) for number, data in enumerate(pieces)]
)


@given(
    chunks=CHUNKS, rechunk=st.sampled_from([1, 2, 7, 1000, "whole", "random"]), seed=st.integers()
)
def test_any_cut_keeps_the_bytes_and_sends_none_too_early(
    chunks: list[TransferChunk], rechunk: Rechunk, seed: int
) -> None:
    cut = recut(chunks, rechunk, random.Random(seed))
    assert b"".join(chunk.data for chunk in cut) == b"".join(chunk.data for chunk in chunks)
    assert all(chunk.data for chunk in cut)
    known = [chunk.t for chunk in chunks for _ in chunk.data]
    sent = [chunk.t for chunk in cut for _ in chunk.data]
    assert all(at >= before for at, before in zip(sent, known, strict=True))
    assert sent == sorted(sent)


def test_every_way_to_cut_does_what_it_says() -> None:
    chunks = [TransferChunk(0.0, b"abc"), TransferChunk(1.0, b"de")]

    def data(rechunk: Rechunk | None) -> list[bytes]:
        return [chunk.data for chunk in recut(chunks, rechunk, random.Random(0))]

    assert data(None) == [b"abc", b"de"]
    assert data("whole") == [b"abcde"]
    assert data(2) == [b"ab", b"cd", b"e"]
    assert data(5) == [b"abcde"]
    assert recut([], 1, random.Random(0)) == []


def test_a_random_cut_is_the_same_for_the_same_seed_cassette_and_turn() -> None:
    cassette = handmade(b"x" * 5000)
    first = make_plan(cassette, Pace(rechunk="random", seed=1), 1)
    assert first == make_plan(cassette, Pace(rechunk="random", seed=1), 1)
    assert first != make_plan(cassette, Pace(rechunk="random", seed=2), 1)
    assert first != make_plan(cassette, Pace(rechunk="random", seed=1), 2)


def test_speeds_and_cuts_are_read_from_words() -> None:
    assert [parse_speed(text) for text in ("original", "max", "0.5")] == [1.0, math.inf, 0.5]
    assert [parse_rechunk(text) for text in ("whole", "random", "bytes:3")] == [
        "whole",
        "random",
        3,
    ]


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "nan", "inf", "1e999"])
def test_what_is_no_speed_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_speed(text)


@pytest.mark.parametrize("text", ["", "bytes", "bytes:", "bytes:0", "bytes:x", "words:3"])
def test_what_is_no_cut_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rechunk(text)
