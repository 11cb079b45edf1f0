"""From fragments to whole calls."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import cuts, run
from mlx_relay.errors import StreamError
from mlx_relay.events import ToolCall
from mlx_relay.pipeline.deltas import ToolCallDelta
from mlx_relay.pipeline.tool_calls import MAX_ARGUMENT_CHARACTERS, ToolCalls


def gathered(*fragments: ToolCallDelta) -> list[ToolCall]:
    return run(ToolCalls(), fragments)


def f(
    index: int | None = None, call_id: str = "", name: str = "", arguments: str = ""
) -> ToolCallDelta:
    return ToolCallDelta(index, call_id, name, arguments)


@given(pieces=cuts('{"city": "Rome"}'))
def test_arguments_in_any_pieces_are_joined(pieces: list[str]) -> None:
    fragments = [f(0, "a", "weather"), *(f(0, arguments=piece) for piece in pieces)]
    assert gathered(*fragments) == [ToolCall(0, "a", "weather", '{"city": "Rome"}')]


def test_a_call_goes_out_when_the_next_one_begins() -> None:
    calls = ToolCalls()
    assert calls.feed(f(0, "a", "x", "{}")) == []
    assert calls.feed(f(1, "b", "y")) == [ToolCall(0, "a", "x", "{}")]
    assert calls.feed(f(1, arguments="[1]")) == []
    assert calls.close() == [ToolCall(1, "b", "y", "[1]")]
    assert calls.close() == []


def test_what_is_missing_is_filled_in() -> None:
    assert gathered(f(0, name="x"), f(1, name="y", arguments=" \n")) == [
        ToolCall(0, "call_0", "x", "{}"),
        ToolCall(1, "call_1", "y", "{}"),
    ]


def test_id_and_name_come_once_in_any_fragment() -> None:
    assert gathered(f(0, name="x"), f(0, "a"), f(0, "a", "x", "{}"), f(0, "zz", "", "")) == [
        ToolCall(0, "a", "x", "{}")
    ]


def test_an_id_that_comes_late_with_the_name_again_is_no_other_call() -> None:
    assert gathered(f(0, name="x"), f(0, "a", "x", "{}")) == [ToolCall(0, "a", "x", "{}")]


def test_another_id_and_a_name_at_the_same_index_are_another_call() -> None:
    assert gathered(f(0, "a", "x", "1"), f(0, "b", "y", "2"), f(0, arguments="3")) == [
        ToolCall(0, "a", "x", "1"),
        ToolCall(1, "b", "y", "23"),
    ]


def test_without_an_index_the_id_tells_the_calls_apart() -> None:
    assert gathered(
        f(None, "a", "x", "1"), f(None, "a", "", "2"), f(None, "b", "y"), f(None, "b", "", "3")
    ) == [ToolCall(0, "a", "x", "12"), ToolCall(1, "b", "y", "3")]


def test_without_index_and_id_a_name_begins_a_call() -> None:
    assert gathered(f(name="x", arguments="1"), f(arguments="2"), f(name="y")) == [
        ToolCall(0, "call_0", "x", "12"),
        ToolCall(1, "call_1", "y", "{}"),
    ]


def test_a_late_fragment_of_a_call_that_went_out_is_dropped() -> None:
    assert gathered(
        f(0, "a", "x"), f(1, "b", "y"), f(0, arguments="late"), f(0, "a", "x", "late")
    ) == [ToolCall(0, "a", "x", "{}"), ToolCall(1, "b", "y", "{}")]
    assert gathered(f(None, "a", "x"), f(None, "b", "y"), f(None, "a", "", "late")) == [
        ToolCall(0, "a", "x", "{}"),
        ToolCall(1, "b", "y", "{}"),
    ]


def test_an_index_that_comes_again_with_a_new_id_and_name_is_a_new_call() -> None:
    assert [call.index for call in gathered(f(0, "a", "x"), f(1, "b", "y"), f(0, "c", "z"))] == [
        *[0, 1, 2]
    ]


def test_one_id_at_two_indexes_is_two_calls() -> None:
    assert [call.name for call in gathered(f(0, "a", "x"), f(1, "a", "y"))] == ["x", "y"]


def test_the_index_of_the_upstream_is_kept_where_it_is_free() -> None:
    assert [call.index for call in gathered(f(2, "a", "x"), f(None, "b", "y"))] == [2, 3]


@pytest.mark.parametrize("index", [128, 10**30])
def test_an_index_over_127_breaks_the_limit(index: int) -> None:
    with pytest.raises(StreamError, match="limit_exceeded/upstream_limit"):
        ToolCalls().feed(f(index, "a", "x"))


def test_more_than_128_calls_break_the_limit() -> None:
    calls = ToolCalls()
    for number in range(128):
        calls.feed(f(None, str(number), "x"))
    with pytest.raises(StreamError, match="limit_exceeded/upstream_limit"):
        calls.feed(f(None, "one more", "x"))


def test_arguments_that_never_end_break_the_limit() -> None:
    calls = ToolCalls()
    calls.feed(f(0, "a", "x", "x" * MAX_ARGUMENT_CHARACTERS))
    with pytest.raises(StreamError, match="limit_exceeded/event_too_large"):
        calls.feed(f(0, arguments="x"))


FRAGMENTS = st.builds(
    ToolCallDelta,
    st.none() | st.integers(0, 3),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from(["", "x", "y"]),
    st.sampled_from(["", "1"]),
)


@given(fragments=st.lists(FRAGMENTS, max_size=20))
def test_every_call_has_its_own_index_in_rising_order(fragments: list[ToolCallDelta]) -> None:
    indexes = [call.index for call in gathered(*fragments)]
    assert indexes == sorted(set(indexes))


def test_a_whole_call_goes_out_at_once_behind_the_one_before() -> None:
    calls = ToolCalls()
    calls.feed(f(0, "a", "x", "1"))
    whole = ToolCallDelta(None, "", "y", "{}", is_whole=True)
    assert calls.feed(whole) == [ToolCall(0, "a", "x", "1"), ToolCall(1, "call_1", "y", "{}")]
    assert calls.close() == []


def test_a_whole_call_with_an_id_that_was_there_is_another_call() -> None:
    whole = ToolCallDelta(None, "a", "y", "{}", is_whole=True)
    assert gathered(whole, whole) == [ToolCall(0, "a", "y", "{}"), ToolCall(1, "call_1", "y", "{}")]
