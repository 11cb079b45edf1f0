"""The marker scanner, with tables made up for the purpose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts, merged
from mlx_relay.pipeline.deltas import (
    Delta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
    ToolCallDelta,
)
from mlx_relay.pipeline.markers import (
    MAX_CAPTURED,
    Body,
    Call,
    Capture,
    Family,
    Marker,
    Reading,
    State,
)
from mlx_relay.pipeline.scanner import Scanner

PLAIN = Family(
    text=(Marker("<a>", to="thinking"),),
    thinking=(Marker("</a>", to="text"),),
)
OVERLAPPING = Family(
    text=(
        Marker("<a>", to="thinking"),
        Marker("<a>b", to="text"),
        Marker("<<a>>", to="text"),
        Marker("|", to="text"),
        Marker("aab", to="thinking", where="leading"),
        Marker("aa<", to="thinking", where="outside_code"),
    ),
    thinking=(
        Marker("</a>", to="text"),
        Marker("</a>>", to="text", where="leading"),
        Marker("<a>", to="thinking", where="leading"),
    ),
    field=(Marker("<a>", to="field", where="first"), Marker("b", to="field", where="leading")),
)


def scan(family: Family, pieces: list[str], state: State = "text") -> list[Delta]:
    scanner = Scanner(family, state)
    deltas = [delta for piece in pieces if piece for delta in scanner.feed(piece)]
    return merged([*deltas, *scanner.flush()])


def test_text_between_markers_is_reasoning() -> None:
    assert scan(PLAIN, ["x<a>y</a>z"]) == [
        TextDelta("x"),
        ReasoningStart(),
        ReasoningDelta("y"),
        ReasoningEnd(),
        TextDelta("z"),
    ]


def test_text_that_may_become_a_marker_is_held_back_and_released_when_it_cannot() -> None:
    scanner = Scanner(PLAIN, "text")
    assert scanner.feed("x<") == [TextDelta("x")]
    assert scanner.feed("a") == []
    assert merged(scanner.feed("b")) == [TextDelta("<ab")]


def test_the_longest_suffix_that_may_become_a_marker_is_held_back() -> None:
    family = Family(text=(Marker("aab", to="thinking"),))
    assert scan(family, list("aaab")) == [TextDelta("a"), ReasoningStart()]


def test_what_is_held_at_the_end_goes_out_as_text_of_its_state() -> None:
    assert scan(PLAIN, ["x<"]) == [TextDelta("x<")]
    assert scan(PLAIN, ["<a>x</"]) == [ReasoningStart(), ReasoningDelta("x</")]


def test_a_marker_that_begins_a_longer_one_counts_when_the_longer_one_does_not_come() -> None:
    assert scan(OVERLAPPING, ["x<a>"]) == [TextDelta("x"), ReasoningStart()]
    assert scan(OVERLAPPING, ["x<a>b"]) == [TextDelta("x")]


def test_a_marker_that_leads_nowhere_else_is_dropped() -> None:
    assert scan(OVERLAPPING, ["x|y"]) == [TextDelta("xy")]


def test_a_leading_marker_is_live_behind_white_space_only() -> None:
    assert scan(OVERLAPPING, ["<a> \n<a><a>x<a>"]) == [
        ReasoningStart(),
        ReasoningDelta(" \nx<a>"),
    ]


def test_a_first_marker_is_live_before_anything_else_only() -> None:
    field = Scanner(OVERLAPPING, "field")
    assert merged(field.feed("<a><a> <a>")) == [ReasoningDelta(" <a>")]


def test_nothing_is_held_back_for_a_marker_that_is_no_longer_live() -> None:
    scanner = Scanner(OVERLAPPING, "field")
    scanner.feed("x")
    assert scanner.feed("<a") == [ReasoningDelta("<a")]


def test_nothing_is_held_back_in_code_for_a_marker_that_is_not_live_there() -> None:
    family = Family(text=(Marker("<a>", to="thinking", where="outside_code"),))
    scanner = Scanner(family, "text")
    assert merged(scanner.feed("`<")) == [TextDelta("`<")]


def test_a_family_without_markers_lets_everything_pass() -> None:
    assert scan(Family(), ["<a>x</a>"]) == [TextDelta("<a>x</a>")]


@pytest.mark.parametrize("state", ["text", "thinking", "field"])
@pytest.mark.parametrize("family", [PLAIN, OVERLAPPING])
@given(data=st.data())
def test_any_split_gives_the_same_deltas(family: Family, state: State, data: st.DataObject) -> None:
    pieces = st.sampled_from(["<", "a", ">", "b", "/", "<a>", "</a>", "`", "\n", " ", "|", "x"])
    text = data.draw(st.lists(pieces, max_size=20).map("".join))
    assert scan(family, data.draw(cuts(text)), state) == scan(family, [text], state)


@given(data=st.data())
def test_no_character_is_lost_but_those_of_markers(data: st.DataObject) -> None:
    pieces = st.sampled_from(["<", "a", ">", "/", "<a>", "</a>", "\n", " "])
    text = data.draw(st.lists(pieces, max_size=20).map("".join))
    markers = {ReasoningStart: "<a>", ReasoningEnd: "</a>"}
    deltas = scan(PLAIN, data.draw(cuts(text)))
    told = [markers.get(type(delta)) or getattr(delta, "text", "") for delta in deltas]
    assert "".join(told) == text


@given(data=st.data())
def test_no_more_is_held_back_than_the_longest_marker(data: st.DataObject) -> None:
    pieces = st.sampled_from(["<", "a", ">", "b", "/", "<a>", "</a>", "aa"])
    scanner = Scanner(OVERLAPPING, "text")
    for piece in data.draw(st.lists(pieces, max_size=20)):
        scanner.feed(piece)
        assert len(scanner._held) < len("<<a>>")


def read(body: Body) -> Reading:
    return [Call(body.text, "{}")] if body.text.isalpha() else None


CALLING = Family(
    text=(
        Marker("<c>", to=Capture(read=read, closing=("</c>",), stops=("<c>",))),
        Marker("<s>", to="section"),
        Marker(";", to="text", where="after_call"),
    ),
    thinking=(Marker("<c>", to=Capture(read=read, closing=("</c>",)), then="thinking"),),
    section=(
        Marker("<c>", to=Capture(read=read, closing=("</c>",), limit=8), then="section"),
        Marker("</s>", to="text"),
    ),
)


def called(name: str) -> ToolCallDelta:
    return ToolCallDelta(None, "", name, "{}", is_whole=True)


CAPTURES: dict[str, tuple[str, list[Delta]]] = {
    "a call": ("x<c>f</c>;y;", [TextDelta("x"), called("f"), TextDelta("y;")]),
    "no call": ("x<c>1</c>y", [TextDelta("x<c>1</c>y")]),
    "cut off": ("x<c>f</c", [TextDelta("x<c>f</c")]),
    "not closed": ("<c>f<c>g</c>", [called("f"), called("g")]),
    "a section": ("<s> <c>f</c>\n <c>g</c> </s> y", [called("f"), called("g"), TextDelta(" y")]),
    "text in a section": ("<s> x <c>f</c></s>", [TextDelta(" x"), called("f")]),
    "too long": ("<s><c>fghijk</c></s>y", [TextDelta("<c>fghij"), TextDelta("k</c>y")]),
}


@pytest.mark.parametrize("case", CAPTURES)
@given(data=st.data())
def test_captured_text_is_a_call_or_comes_back(case: str, data: st.DataObject) -> None:
    text, deltas = CAPTURES[case]
    assert scan(CALLING, data.draw(cuts(text))) == merged(deltas)


def test_thinking_goes_on_behind_a_call_that_only_interrupts_it() -> None:
    assert scan(CALLING, ["a<c>f</c>b"], "thinking") == [
        ReasoningDelta("a"),
        called("f"),
        ReasoningDelta("b"),
    ]
    assert scan(CALLING, ["a<c>1</c>b"], "thinking") == [
        ReasoningDelta("a"),
        TextDelta("<c>1</c>"),
        ReasoningDelta("b"),
    ]


def test_a_whole_call_without_its_end_counts_only_where_the_stream_ended_well() -> None:
    capture = Capture(read=read, closing=("</c>",), ends_with_stream=True)
    family = Family(text=(Marker("<c>", to=capture),))
    for well, deltas in ((True, [called("f")]), (False, [TextDelta("<c>f")])):
        scanner = Scanner(family, "text")
        assert scanner.feed("<c>f") == []
        assert scanner.flush(well=well) == deltas


def test_a_very_long_call_comes_back_as_text_and_memory_stays_bounded() -> None:
    scanner = Scanner(CALLING, "text")
    pieces = ["<c>", *["x" * 1000] * 1100]
    deltas = [delta for piece in pieces for delta in scanner.feed(piece)]
    assert isinstance(deltas[0], TextDelta)
    assert len(deltas[0].text) == MAX_CAPTURED
    assert merged(deltas) == [TextDelta("".join(pieces))]
