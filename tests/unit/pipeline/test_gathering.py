"""Captured text, gathered piece by piece."""

from mlx_relay.pipeline.bodies.brackets import json_text
from mlx_relay.pipeline.bodies.schemas import Tools
from mlx_relay.pipeline.gathering import Gathering
from mlx_relay.pipeline.loose_json import Unreadable
from mlx_relay.pipeline.markers import MAX_HEAD, Body, Call, Capture, Marker, Reading, first_is


def read(body: Body) -> Reading:
    if "!" in body.text:
        raise Unreadable("no call")
    return [Call(body.text, body.closing)]


CAPTURE = Capture(read=read, closing=("</a>",), head=first_is("{"), limit=20)


def gathering(capture: Capture = CAPTURE, *, keeps: bool = False) -> Gathering:
    return Gathering(Marker("<a>", to=capture, keeps=keeps), capture)


def test_what_came_is_read_as_a_whole() -> None:
    gathered = gathering()
    assert [gathered.take(piece) for piece in ("{x", "}")] == [(2, False), (1, False)]
    assert gathered.read("</a>", Tools()) == [Call("{x}", "</a>")]
    assert gathered.raw == "<a>{x}"
    assert gathered.behind_marker() == "{x}"


def test_a_marker_that_keeps_its_text_is_a_part_of_it() -> None:
    gathered = gathering(keeps=True)
    gathered.take("{x}")
    assert gathered.read("", Tools()) == [Call("<a>{x}", "")]
    assert gathered.raw == "<a>{x}"
    assert gathered.behind_marker() == "{x}"


def test_what_cannot_be_read_is_none() -> None:
    gathered = gathering()
    gathered.take("!")
    assert gathered.read("", Tools()) is None


def test_no_more_is_taken_than_the_limit() -> None:
    assert gathering().take("x" * 30) == (17, False)


def test_a_text_may_end_by_itself() -> None:
    itself = Capture(read=read, tracker=json_text, ends_itself=True)
    assert gathering(itself).take("{x} y") == (3, True)
    assert gathering(Capture(read=read, tracker=json_text)).take("{x} y") == (5, False)


def test_a_string_is_known() -> None:
    gathered = gathering(Capture(read=read, tracker=json_text))
    gathered.take('{"a')
    assert gathered.is_in_string


def test_the_beginning_is_judged_with_what_follows() -> None:
    gathered = gathering()
    assert gathered.judge("x  ", 1) is None
    assert gathered.judge(" {", 0) is True
    assert gathered.judge("x", 0) is False
    assert gathered.judge(" " * MAX_HEAD, 0) is False


def test_a_header_stays_in_front_of_what_it_leads_to() -> None:
    gathered = gathering()
    gathered.take("h")
    gathered.turn(Capture(read=read, closing=("</b>",)), "|")
    gathered.take("m")
    assert gathered.find_end("m</b>", 0, final=False) is not None
    assert gathered.read("</b>", Tools()) == [Call("h|m", "</b>")]


def test_what_stands_behind_the_limit_is_not_looked_for() -> None:
    assert gathering().find_end("x" * 17 + "</a>", 0, final=False) is not None
    assert gathering().find_end("x" * 40 + "</a>", 0, final=False) is None
