"""The outcome of a stream: what was seen, when, and how it ended."""

from mlx_relay.errors import StreamError
from mlx_relay.events import (
    Done,
    Error,
    Response,
    Start,
    Thinking,
    ThinkingDone,
    ToolCall,
    Usage,
    UsageCounts,
)
from mlx_relay.stopwatch import Stopwatch


def test_a_finished_stream_has_all_its_times() -> None:
    watch = Stopwatch(10.0)
    watch.saw([Start("s", "p", "m")], 10.0)
    watch.saw([Thinking("a")], 11.0)
    watch.saw([Thinking("b"), ThinkingDone(1.5), Response("c")], 12.5)
    watch.saw([Response("d")], 13.0)
    watch.saw([Usage(completion_tokens=7), Done("stop")], 14.0)
    outcome = watch.outcome(14.25, 8, 150)
    assert outcome.kind == "done"
    assert outcome.finish_reason == "stop"
    assert (outcome.first_event, outcome.first_answer) == (1.0, 2.5)
    assert (outcome.thinking, outcome.seconds) == (1.5, 4.25)
    assert (outcome.events, outcome.bytes_received) == (8, 150)
    assert outcome.usage == UsageCounts(completion_tokens=7)


def test_a_call_is_an_answer_too() -> None:
    watch = Stopwatch(0.0)
    watch.saw([ToolCall(0, "i", "f", "{}")], 2.0)
    assert watch.outcome(3.0, 0, 0).first_answer == 2.0


def test_a_failed_stream_says_code_cause_and_status() -> None:
    watch = Stopwatch(0.0)
    failure = StreamError("upstream_rejected", "4xx", upstream_status=404)
    watch.failed(failure)
    watch.saw([Error.from_failure(failure)], 1.0)
    outcome = watch.outcome(1.0, 0, 0)
    assert (outcome.kind, outcome.code, outcome.cause) == ("error", "upstream_rejected", "4xx")
    assert outcome.upstream_status == 404


def test_a_stream_without_a_terminal_event_is_one_whose_client_left() -> None:
    watch = Stopwatch(0.0)
    watch.saw([Response("a")], 1.0)
    assert watch.outcome(2.0, 0, 0).kind == "client_gone"


def test_one_that_was_stopped_is_the_same_to_who_counts() -> None:
    watch = Stopwatch(0.0)
    watch.left(1.0)
    watch.saw([Error.from_failure(StreamError("stopped", "no_reader"))], 1.0)
    watch.released(1.5)
    outcome = watch.outcome(2.0, 0, 0)
    assert (outcome.kind, outcome.code, outcome.cause) == ("client_gone", None, "no_reader")
    assert outcome.upstream_release == 0.5


def test_how_long_the_upstream_was_kept_counts_where_the_client_left() -> None:
    watch = Stopwatch(0.0)
    watch.left(1.0)
    watch.released(1.25)
    assert watch.outcome(2.0, 0, 0).upstream_release == 0.25


def test_an_upstream_that_ended_itself_is_not_released() -> None:
    watch = Stopwatch(0.0)
    watch.saw([Done("stop")], 1.0)
    watch.left(1.0)
    watch.released(1.25)
    assert watch.outcome(2.0, 0, 0).upstream_release is None


def test_only_thinking_text_and_calls_are_output() -> None:
    watch = Stopwatch(0.0)
    watch.saw([Start("s", "p", "m")], 0.0)
    assert not watch.has_output
    watch.saw([Thinking("a")], 1.0)
    assert watch.has_output
