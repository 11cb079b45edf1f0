"""From deltas to events."""

import pytest

from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Event,
    FinishReason,
    Response,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.pipeline.assemble import Assembler
from mlx_relay.pipeline.deltas import (
    Delta,
    DoneDelta,
    ErrorDelta,
    FinishDelta,
    ReasoningDelta,
    ReasoningEnd,
    ReasoningStart,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)

CALL = ToolCallDelta(0, "a", "f", "{}")
COUNTS = UsageCounts(1, 2, 3)
BUSY = StreamError("upstream_busy", "in_band")


def assembled(*deltas: Delta, max_tokens: int | None = None) -> list[Event]:
    assembler = Assembler(max_tokens=max_tokens)
    return [*assembler.feed(list(deltas), 0.0), *assembler.close(0.0)]


def ending(*deltas: Delta, max_tokens: int | None = None) -> FinishReason | str:
    last = assembled(*deltas, max_tokens=max_tokens)[-1]
    if isinstance(last, Done):
        return last.finish_reason
    assert isinstance(last, Error)
    return f"{last.code}/{last.detail}"


def test_contiguous_text_of_one_feed_is_one_event() -> None:
    assembler = Assembler()
    deltas: list[Delta] = [TextDelta("a"), UsageDelta(COUNTS), TextDelta("b"), TextDelta("c")]
    assert assembler.feed(deltas, 0.0) == [Response("abc")]


def test_thinking_is_done_before_any_other_kind_of_event() -> None:
    assert assembled(ReasoningDelta("a"), TextDelta("b"), FinishDelta("stop")) == [
        Thinking("a"),
        ThinkingDone(0.0),
        Response("b"),
        Done("stop"),
    ]


def test_the_duration_runs_from_the_opening_marker_to_the_closing_one() -> None:
    assembler = Assembler()
    assembler.feed([ReasoningStart()], 10.0)
    assembler.feed([ReasoningDelta("a")], 11.0)
    assert assembler.feed([ReasoningEnd()], 13.26) == [ThinkingDone(3.3)]
    assert assembler.feed([TextDelta("b")], 20.0) == [Response("b")]


def test_the_duration_of_a_field_runs_from_its_first_piece_to_what_follows() -> None:
    assembler = Assembler()
    assembler.feed([ReasoningDelta("\n")], 10.0)
    assembler.feed([ReasoningDelta("a")], 12.0)
    assert assembler.feed([CALL], 12.5) == [ThinkingDone(2.5)]


def test_the_finish_reason_ends_a_block_before_late_usage_comes() -> None:
    assembler = Assembler()
    assembler.feed([ReasoningDelta("a")], 10.0)
    assert assembler.feed([FinishDelta("stop")], 12.0) == [ThinkingDone(2.0)]
    assert assembler.feed([DoneDelta()], 15.0) == [Done("stop")]


def test_the_duration_is_never_negative() -> None:
    assembler = Assembler()
    assembler.feed([ReasoningDelta("a")], 10.0)
    assert assembler.feed([TextDelta("b")], 9.0) == [ThinkingDone(0.0), Response("b")]


def test_two_blocks_give_two_ends() -> None:
    blocks: list[Delta] = [ReasoningStart(), ReasoningDelta("a"), ReasoningEnd()]
    blocks += [ReasoningStart(), ReasoningDelta("b"), ReasoningEnd()]
    assert assembled(*blocks, FinishDelta("stop")) == [
        Thinking("a"),
        ThinkingDone(0.0),
        Thinking("b"),
        ThinkingDone(0.0),
        Done("stop"),
    ]


def test_a_marker_ends_a_block_of_fields() -> None:
    assert assembled(
        ReasoningDelta("a"), ReasoningStart(), ReasoningDelta("b"), FinishDelta("stop")
    ) == [Thinking("a"), ThinkingDone(0.0), Thinking("b"), ThinkingDone(0.0), Done("stop")]


def test_usage_does_not_end_a_block() -> None:
    assert assembled(
        ReasoningDelta("a"), UsageDelta(COUNTS), ReasoningDelta("b"), FinishDelta("stop")
    )[:2] == [Thinking("ab"), ThinkingDone(0.0)]


def test_a_blank_block_gives_nothing() -> None:
    blank: list[Delta] = [ReasoningStart(), ReasoningDelta("\n\n"), ReasoningEnd()]
    assert assembled(*blank, ReasoningDelta(" "), TextDelta("a"), FinishDelta("stop")) == [
        Response("a"),
        Done("stop"),
    ]


def test_leading_white_space_of_a_block_waits_for_other_text() -> None:
    assembler = Assembler()
    assert assembler.feed([ReasoningDelta("\n"), ReasoningDelta(" ")], 0.0) == []
    assert assembler.feed([ReasoningDelta("a"), ReasoningDelta("\n")], 0.0) == [Thinking("\n a\n")]


def test_white_space_of_a_blank_block_is_not_kept_for_the_next() -> None:
    assert assembled(
        ReasoningDelta("\n"), TextDelta("a"), ReasoningDelta("b"), FinishDelta("stop")
    ) == [Response("a"), Thinking("b"), ThinkingDone(0.0), Done("stop")]


def test_calls_come_whole_at_the_next_one_and_at_the_finish() -> None:
    assembler = Assembler()
    assert assembler.feed([TextDelta("\n"), CALL], 0.0) == [Response("\n")]
    assert assembler.feed([ToolCallDelta(1, "b", "g", "")], 0.0) == [ToolCall(0, "a", "f", "{}")]
    assert assembler.feed([FinishDelta("tool_calls")], 0.0) == [ToolCall(1, "b", "g", "{}")]


@pytest.mark.parametrize("end", [ErrorDelta(BUSY), UsageDelta(COUNTS)])
def test_a_call_that_may_not_be_whole_never_comes(end: Delta) -> None:
    events = assembled(CALL, end)
    assert not any(isinstance(event, ToolCall) for event in events)
    assert isinstance(events[-1], Error)


def test_usage_comes_once_before_the_end_and_inside_it() -> None:
    early = UsageDelta(UsageCounts(9, 9, 9))
    assert assembled(early, TextDelta("a"), FinishDelta("stop"), UsageDelta(COUNTS)) == [
        Response("a"),
        Usage(1, 2, 3),
        Done("stop", COUNTS),
    ]


def test_usage_comes_before_an_error_too() -> None:
    assert assembled(UsageDelta(COUNTS), ErrorDelta(BUSY)) == [
        Usage(1, 2, 3),
        Error.from_failure(BUSY),
    ]


def test_done_waits_for_late_usage() -> None:
    assembler = Assembler()
    assert assembler.feed([FinishDelta("stop")], 0.0) == []
    assert not assembler.ended
    assert assembler.feed([UsageDelta(COUNTS), DoneDelta()], 0.0)[-1] == Done("stop", COUNTS)
    assert assembler.ended


def test_the_first_finish_reason_counts() -> None:
    assert ending(FinishDelta("length"), FinishDelta("stop")) == "length"


def test_a_stop_after_calls_is_tool_calls() -> None:
    assert ending(CALL, FinishDelta("stop")) == "tool_calls"
    assert ending(CALL, FinishDelta("length")) == "length"
    assert ending(CALL, DoneDelta(), UsageDelta(COUNTS)) == "upstream_truncated/truncated"


def test_a_stop_at_the_limit_is_length() -> None:
    stop = FinishDelta("stop")
    assert ending(stop, UsageDelta(COUNTS), max_tokens=2) == "length"
    assert ending(stop, UsageDelta(COUNTS), max_tokens=3) == "stop"
    assert ending(stop, max_tokens=2) == "stop"
    assert ending(CALL, stop, UsageDelta(COUNTS), max_tokens=2) == "tool_calls"
    assert ending(UsageDelta(COUNTS), DoneDelta(), max_tokens=2) == "unknown"


def test_an_end_without_a_finish_reason_is_a_truncation() -> None:
    assert ending(TextDelta("a"), DoneDelta()) == "upstream_truncated/truncated"
    assert ending(TextDelta("a")) == "upstream_truncated/truncated"
    assert ending(TextDelta("a"), UsageDelta(COUNTS)) == "upstream_truncated/truncated"
    assert ending(DoneDelta()) == "upstream_truncated/empty"
    assert ending() == "upstream_truncated/empty"


def test_done_with_usage_but_without_a_finish_reason_is_unknown() -> None:
    assert ending(TextDelta("a"), UsageDelta(COUNTS), DoneDelta()) == "unknown"


def test_thinking_is_done_before_an_error() -> None:
    assert assembled(ReasoningDelta("a"), ErrorDelta(BUSY)) == [
        Thinking("a"),
        ThinkingDone(0.0),
        Error.from_failure(BUSY),
    ]


def test_a_broken_limit_of_calls_ends_the_stream() -> None:
    assert ending(ToolCallDelta(128, "", "f")) == "limit_exceeded/upstream_limit"


def test_nothing_comes_after_the_end() -> None:
    assembler = Assembler()
    events = assembler.feed([ErrorDelta(BUSY), TextDelta("late"), DoneDelta()], 0.0)
    assert events == [Error.from_failure(BUSY)]
    assert assembler.feed([TextDelta("late")], 0.0) == []
    assert assembler.close(0.0) == []
    assert assembler.fail(BUSY, 0.0) == []


def test_text_may_follow_the_finish_reason() -> None:
    assert assembled(FinishDelta("stop"), TextDelta("a"), DoneDelta()) == [
        Response("a"),
        Done("stop"),
    ]
