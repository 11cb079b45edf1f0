import math

import pytest

from fake_mlx import fault_wires as wires
from fake_mlx.chunked import TERMINATOR, ChunkedReader, frame
from fake_mlx.replay import FULL_SPEED, Pace, make_plan
from handmade import handmade

PLAN = make_plan(handmade(b"one", b"two"), Pace(FULL_SPEED))
HEAD = PLAN.pieces[0].data


def test_silence_begins_behind_a_piece_and_never_ends() -> None:
    stalled = wires.stall(PLAN, 1)
    assert [piece.data for piece in stalled.pieces] == [HEAD, frame(b"one")]
    assert stalled.ends_at == math.inf


def test_a_dribbled_head_is_the_same_head_and_delays_the_body() -> None:
    dribbled = wires.dribbled_head(PLAN, 2)
    count = len(HEAD)
    assert b"".join(piece.data for piece in dribbled.pieces[:count]) == HEAD
    moments = [piece.at for piece in dribbled.pieces]
    assert moments == sorted(moments)
    assert moments[count] == pytest.approx(count * 0.002)


def test_junk_stands_where_a_frame_belongs() -> None:
    broken = wires.bad_frame(PLAN, 2, b"zz")
    assert [piece.data for piece in broken.pieces] == [HEAD, frame(b"one"), b"zz"]


def test_another_status_line_leaves_the_headers() -> None:
    line = wires.head_line(PLAN, b"ICY").pieces[0].data
    assert line.partition(b"\r\n")[2] == HEAD.partition(b"\r\n")[2]


def test_a_flood_of_headers_ends_as_a_head_does() -> None:
    head = wires.many_headers(PLAN).pieces[0].data
    assert head.count(b"\r\n\r\n") == 1
    assert head.endswith(b"\r\n\r\n")


def test_a_long_line_is_one_message() -> None:
    pieces = wires.long_line(PLAN, 1).pieces[1:]
    body = b"".join(ChunkedReader(1 << 30).feed(b"".join(piece.data for piece in pieces)))
    assert sum(piece.size for piece in pieces) == len(body) > wires.MEGABYTE
    assert pieces[-1].data.endswith(TERMINATOR)
    assert body.count(b"\n") == 2


def test_what_has_no_end_goes_out_again_and_again() -> None:
    for plan in (wires.comments(PLAN, 5), wires.endless(PLAN, 5)):
        assert plan.pieces == PLAN.pieces[:1]
        assert plan.again is not None
        assert plan.again.seconds == 0.005


def test_a_reply_may_be_missing_or_half_or_nonsense() -> None:
    assert wires.no_reply(reset=True).at_end == "reset"
    assert wires.no_reply(reset=False).at_end == "close"
    assert wires.hang().ends_at == math.inf
    assert HEAD.startswith(wires.half_head(PLAN).pieces[0].data)
    assert not wires.garbage().pieces[0].data.startswith(b"HTTP")


def test_interim_heads_come_before_the_real_one() -> None:
    assert [piece.data for piece in wires.interim(PLAN, 3).pieces[3:]] == [
        piece.data for piece in PLAN.pieces
    ]
