"""Text, states and white space."""

from mlx_relay.pipeline.deltas import (
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
)
from mlx_relay.pipeline.markers import Family, Marker
from mlx_relay.pipeline.voice import MAX_SPACE, MAX_UNDECIDED, Voice

END = Marker("</a>", to="text", before="\n", after=" ")
FAMILY = Family(
    text=(Marker("<a>", to="thinking", where="outside_code"),),
    thinking=(END,),
    section=(Marker("</s>", to="text"),),
)


def test_text_is_of_its_state() -> None:
    voice = Voice(FAMILY, "text")
    voice.say("a")
    voice.go("thinking")
    voice.say("b")
    voice.go("text")
    voice.say("c")
    assert voice.collect() == [
        TextDelta("a"),
        ReasoningStart(),
        ReasoningDelta("b"),
        ReasoningEnd(),
        TextDelta("c"),
    ]
    assert voice.collect() == []


def test_white_space_before_a_marker_goes_with_it_or_out() -> None:
    voice = Voice(FAMILY, "thinking")
    voice.say("a \n")
    assert voice.collect() == [ReasoningDelta("a ")]
    voice.say("b\n\n")
    voice.drop_space(END)
    assert voice.collect() == [ReasoningDelta("\nb")]
    voice.say("c\n")
    voice.let_space_out()
    assert voice.collect() == [ReasoningDelta("c"), ReasoningDelta("\n")]


def test_white_space_behind_a_marker_goes_with_it() -> None:
    voice = Voice(FAMILY, "thinking")
    voice.go("text", after=" ")
    voice.say(" ")
    voice.say("  a ")
    assert voice.collect() == [ReasoningEnd(), TextDelta("a ")]


def test_no_more_white_space_is_held_than_the_limit() -> None:
    voice = Voice(FAMILY, "thinking")
    voice.say("\n" * (MAX_SPACE + 3))
    assert voice.collect() == [ReasoningDelta("\n\n\n")]


def test_white_space_between_calls_is_no_text() -> None:
    voice = Voice(FAMILY, "section")
    voice.say(" \n")
    voice.drop_space(FAMILY.section[0])
    assert voice.collect() == []


def test_a_quoted_marker_is_not_live() -> None:
    voice = Voice(FAMILY, "text")
    assert "<a>" in voice.exact_table().markers
    voice.say("`")
    assert "<a>" not in voice.exact_table().markers


def test_raw_text_is_of_the_answer_in_every_state() -> None:
    voice = Voice(FAMILY, "thinking")
    voice.say("a\n")
    voice.say_raw("b")
    assert voice.collect() == [ReasoningDelta("a"), ReasoningDelta("\n"), TextDelta("b")]


def test_a_family_that_waits_settles_after_a_while() -> None:
    voice = Voice(Family(name="waits", settles=FAMILY), "text")
    voice.say("x" * MAX_UNDECIDED)
    assert voice.family.name == "waits"
    voice.say("x")
    assert voice.family is FAMILY
