"""Reasoning fields and markers in one stream."""

from hypothesis import given
from hypothesis import strategies as st

from laws import cuts, merged, run
from mlx_relay.events import UsageCounts
from mlx_relay.pipeline.deltas import (
    Delta,
    DoneDelta,
    FinishDelta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)
from mlx_relay.pipeline.families.think import THINK, THINK_INSIDE
from mlx_relay.pipeline.markers import Family
from mlx_relay.pipeline.reasoning import MarkedReasoning

NONE = Family()
CALL = ToolCallDelta(0, "", "f", "{}")


def told(*deltas: Delta, family: Family = THINK, starts: bool | None = None) -> list[Delta]:
    return merged(run(MarkedReasoning(family, starts_in_thinking=starts), deltas))


def test_text_held_back_goes_out_before_a_tool_call() -> None:
    assert told(TextDelta("x<th"), CALL) == [TextDelta("x<th"), CALL]


def test_text_held_back_goes_out_before_the_finish_and_the_end() -> None:
    finish = FinishDelta("stop")
    assert told(TextDelta("<th"), finish) == [TextDelta("<th"), finish]
    assert told(TextDelta("<th"), DoneDelta()) == [TextDelta("<th"), DoneDelta()]


def test_usage_on_every_chunk_does_not_break_a_tag() -> None:
    usage = UsageDelta(UsageCounts(1, 2, 3))
    assert told(TextDelta("<th"), usage, TextDelta("ink>x")) == [
        usage,
        ReasoningStart(),
        ReasoningDelta("x"),
    ]


def test_a_reasoning_field_lets_held_text_out_first_in_its_class() -> None:
    assert told(TextDelta("a<th"), ReasoningDelta("r"), TextDelta("ink>b")) == [
        TextDelta("a<th"),
        ReasoningDelta("r"),
        TextDelta("ink>b"),
    ]
    assert told(TextDelta("<think>a</th"), ReasoningDelta("r"), TextDelta("b</think>c")) == [
        ReasoningStart(),
        ReasoningDelta("a</thrb"),
        ReasoningEnd(),
        TextDelta("c"),
    ]


def test_the_first_tag_of_a_field_is_dropped() -> None:
    assert told(ReasoningDelta("<th"), ReasoningDelta("ink><think>why <think></think>")) == [
        ReasoningDelta("why <think></think>")
    ]


def test_a_tag_behind_anything_else_in_a_field_stays() -> None:
    assert told(ReasoningDelta("\n"), ReasoningDelta("<think>why")) == [
        ReasoningDelta("\n<think>why")
    ]


def test_the_first_tag_of_every_block_of_fields_is_dropped() -> None:
    assert told(ReasoningDelta("<think>a"), TextDelta("b"), ReasoningDelta("<think>c"), CALL) == [
        ReasoningDelta("a"),
        TextDelta("b"),
        ReasoningDelta("c"),
        CALL,
    ]


def test_a_piece_of_a_tag_in_a_field_goes_out_when_the_field_ends() -> None:
    assert told(ReasoningDelta("<th"), TextDelta("b")) == [ReasoningDelta("<th"), TextDelta("b")]
    assert told(ReasoningDelta("<th")) == [ReasoningDelta("<th")]


def test_without_a_parser_fields_stay_as_they_are() -> None:
    assert told(ReasoningDelta("<think>a"), family=NONE) == [ReasoningDelta("<think>a")]


def test_text_starts_in_thinking_where_the_family_or_the_profile_says_so() -> None:
    inside = [ReasoningDelta("a"), ReasoningEnd(), TextDelta("b")]
    assert told(TextDelta("a</think>b"), family=THINK_INSIDE) == inside
    assert told(TextDelta("a</think>b"), starts=True) == inside
    assert told(TextDelta("a</think>b"), family=THINK_INSIDE, starts=False) == [
        TextDelta("a</think>b")
    ]


def test_a_tag_that_was_opened_already_is_absorbed() -> None:
    assert told(TextDelta("\n<think><think>a</think>b"), starts=True) == [
        ReasoningDelta("\na"),
        ReasoningEnd(),
        TextDelta("b"),
    ]


def test_a_server_that_splits_the_reasoning_off_switches_the_implicit_start_off() -> None:
    assert told(ReasoningDelta("a"), TextDelta("b"), starts=True) == [
        ReasoningDelta("a"),
        TextDelta("b"),
    ]
    assert told(TextDelta("a"), ReasoningDelta("b"), TextDelta("c"), starts=True) == [
        ReasoningDelta("abc")
    ]


def test_without_a_parser_nothing_starts_in_thinking() -> None:
    assert told(TextDelta("a"), family=NONE, starts=True) == [TextDelta("a")]


DIALOGUES = st.lists(
    st.sampled_from(["<think>", "</think>", "<", "think>", "a", "`", "```\n", "\n\n", " ", "</"]),
    max_size=15,
).map("".join)


@given(data=st.data(), starts=st.booleans())
def test_any_split_gives_the_same_deltas(data: st.DataObject, starts: bool) -> None:
    whole = data.draw(DIALOGUES.filter(bool))
    pieces = [TextDelta(piece) for piece in data.draw(cuts(whole)) if piece]
    assert told(*pieces, starts=starts) == told(TextDelta(whole), starts=starts)


@given(data=st.data())
def test_any_split_of_a_field_gives_the_same_deltas(data: st.DataObject) -> None:
    whole = data.draw(DIALOGUES.filter(bool))
    pieces = [ReasoningDelta(piece) for piece in data.draw(cuts(whole)) if piece]
    assert told(*pieces) == told(ReasoningDelta(whole))
