"""The whole pipeline: its laws, and what only it decides."""

import json
from itertools import groupby, pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import (
    assert_no_empty_content,
    assert_one_terminal_event,
    cut,
    cuts,
    merged,
    play,
)
from mlx_relay import pipeline as module
from mlx_relay.errors import StreamError
from mlx_relay.events import Done, Error, Event, Response, Thinking, ThinkingDone, ToolCall, Usage
from mlx_relay.pipeline import Pipeline
from unit.pipeline.frames import (
    DONE,
    ENDING,
    FINISH,
    call,
    calls,
    content,
    delta,
    frame,
    reasoning,
    usage,
)
from unit.pipeline.test_chunks import CHUNKS

SNIPPETS = [
    *[content("a"), content("<th"), content("ink>"), content("</think>"), content("\n"), FINISH],
    *[content("`"), content("<think>b</think>"), reasoning("why"), reasoning("\n<think>"), DONE],
    *[reasoning("<th"), usage(1, 2), calls(call("f", index=0)), calls(call("g", index=1))],
    *[delta(content="x", reasoning="y"), frame({"error": "boom"}), frame({"error": None})],
    *[frame([]), b"data: rubbish\n\n", b": ping\n\n", b"event: error\ndata: x\n\n", b"\r\n"],
    *[b"data: {}\r\n\r\n", 'data: {"choices":[{"delta":{"content":"ü😀"}}]}\n\n'.encode()],
]


def streams() -> st.SearchStrategy[bytes]:
    """Draw streams of snippets, some of them cut off, with a little rubbish between."""
    snippets = st.lists(st.sampled_from(SNIPPETS) | st.binary(max_size=2), max_size=15)
    return st.tuples(snippets.map(b"".join), st.sampled_from([b"", ENDING, DONE, FINISH[:-9]])).map(
        b"".join
    )


OPTIONS = st.fixed_dictionaries(
    {
        "reasoning_parser": st.sampled_from([None, "auto", "deepseek_r1"]),
        "starts_in_thinking": st.sampled_from([None, True, False]),
        "max_tokens": st.sampled_from([None, 2]),
    }
)


@given(data=st.data(), options=OPTIONS)
def test_any_split_of_the_bytes_gives_the_same_events(
    data: st.DataObject, options: dict[str, Any]
) -> None:
    whole = data.draw(streams())
    assert merged(play(data.draw(cuts(whole)), **options)) == merged(play([whole], **options))


@given(pieces=streams().flatmap(cuts), options=OPTIONS)
def test_every_stream_has_one_terminal_event_and_no_empty_one(
    pieces: list[bytes], options: dict[str, Any]
) -> None:
    events = play(pieces, **options)
    assert_one_terminal_event(events)
    assert_no_empty_content(events)
    assert_every_block_ends_at_once(events)


def assert_every_block_ends_at_once(events: list[Event]) -> None:
    """The second law of the wire contract: ``thinking`` is followed by its end, which is alone."""
    for before, after in pairwise(events):
        if isinstance(before, Thinking):
            assert isinstance(after, Thinking | ThinkingDone)
        assert not isinstance(after, ThinkingDone) or isinstance(before, Thinking)


@given(pieces=st.lists(st.binary(max_size=60)))
def test_no_bytes_raise(pieces: list[bytes]) -> None:
    assert_one_terminal_event(play(pieces))


@given(chunks=st.lists(CHUNKS | st.sampled_from(["x", None]), max_size=8), options=OPTIONS)
def test_no_chunk_raises(chunks: list[Any], options: dict[str, Any]) -> None:
    events = play([frame(chunk) for chunk in chunks] + [ENDING], **options)
    assert_one_terminal_event(events)
    assert_no_empty_content(events)


@given(texts=st.lists(st.tuples(st.booleans(), st.text(min_size=1)), max_size=8))
def test_fields_and_text_come_out_as_they_went_in(texts: list[tuple[bool, str]]) -> None:
    pieces = [reasoning(text) if thinks else content(text) for thinks, text in texts]
    told: list[Event] = []
    for thinks, run in groupby(texts, lambda text: text[0]):
        whole = "".join(text for _, text in run)
        if not thinks:
            told.append(Response(whole))
        elif whole.strip():
            told += [Thinking(whole), ThinkingDone(0.0)]
    events = merged(play([*pieces, ENDING], reasoning_parser=None))
    assert events == [*merged(told), Done("stop")]


def test_every_truncation_is_an_error_and_a_whole_finish_chunk_is_enough() -> None:
    stream = reasoning("why") + content("a", "b") + ENDING
    enough = len(stream) - len(DONE) - len(b"\n\n")
    for end in range(len(stream)):
        last = play([stream[:end]])[-1]
        assert isinstance(last, Done if end >= enough else Error)
        if isinstance(last, Error):
            assert last.code == "upstream_truncated"


def test_what_is_held_back_when_the_body_ends_goes_out_before_the_error() -> None:
    assert play([content("4 <th")])[:-1] == [Response("4 "), Response("<th")]
    assert play([content("<think>a</th")])[:-1] == [
        Thinking("a"),
        Thinking("</th"),
        ThinkingDone(0.0),
    ]


def test_all_events_of_one_read_are_joined() -> None:
    pipeline = Pipeline()
    stream = reasoning("a", "b") + content("c", "d") + FINISH
    assert pipeline.feed(stream, 0.0) == [Thinking("ab"), ThinkingDone(0.0), Response("cd")]


def test_durations_come_from_the_times_of_the_reads() -> None:
    pipeline = Pipeline()
    pipeline.feed(content("<think>"), 10.0)
    pipeline.feed(content("a</thi"), 11.0)
    assert pipeline.feed(content("nk>"), 13.2) == [ThinkingDone(3.2)]


def test_output_that_is_held_back_is_progress_and_a_sign_of_life_is_none() -> None:
    pipeline = Pipeline()

    def progresses(data: bytes) -> bool:
        pipeline.feed(data, 0.0)
        return pipeline.progressed

    assert not progresses(b": keepalive\n\n" + delta(role="assistant") + usage(1, 2))
    assert progresses(content("<thi"))
    assert progresses(calls(call("f", '{"a"', index=0)))
    assert not progresses(b": keepalive\n\n")


def test_every_byte_is_counted() -> None:
    pipeline = Pipeline()
    pieces = [content("a"), content("b"), content("c")[:-1], b"\n", FINISH]
    for piece in pieces:
        pipeline.feed(piece, 0.0)
    assert pipeline.bytes_received == len(b"".join(pieces))


def test_failing_lets_out_what_was_held_and_the_usage() -> None:
    pipeline = Pipeline()
    pipeline.feed(content("<think>a</th") + usage(1, 2), 0.0)
    failure = StreamError("upstream_timeout", "idle")
    assert pipeline.fail(failure, 1.0) == [
        Thinking("</th"),
        ThinkingDone(1.0),
        Usage(1, 2, 3),
        Error.from_failure(failure),
    ]
    assert pipeline.ended


def test_after_the_end_everything_is_nothing() -> None:
    pipeline = Pipeline()
    pipeline.feed(content("a") + ENDING + content("late"), 0.0)
    assert pipeline.ended
    assert pipeline.feed(content("late") + b"x" * 10**7, 0.0) == []
    assert pipeline.fail(StreamError("internal", "bug"), 0.0) == []
    assert pipeline.close(0.0) == []


def test_messages_that_are_skipped_are_counted() -> None:
    pipeline = Pipeline()
    pipeline.feed(b"data: x\n\ndata: 1\n\n" + content("a"), 0.0)
    assert pipeline.skipped == 2
    assert not pipeline.ended


def test_the_fourth_bad_message_ends_the_stream() -> None:
    (error,) = play([b"data: x\n\n" * 4])
    assert isinstance(error, Error)
    assert (error.code, error.detail) == ("upstream_protocol", "bad_json")


def test_a_line_that_never_ends_ends_the_stream() -> None:
    events = play([content("a"), b"data: " + b"x" * 2**20, b"x", content("b")])
    assert events[:-1] == [Response("a")]
    assert isinstance(events[-1], Error)
    assert (events[-1].code, events[-1].detail) == ("limit_exceeded", "event_too_large")


def test_a_limit_that_only_the_end_of_the_body_breaks_is_an_error_too() -> None:
    half = b"data: " + b"x" * 600_000
    (error,) = play([half + b"\n" + half])
    assert isinstance(error, Error)
    assert error.code == "limit_exceeded"


@pytest.mark.parametrize("places", [[], [100], [150, 199, 200, 201]])
def test_a_stream_over_its_bytes_ends_at_the_same_byte_for_every_cut(
    monkeypatch: pytest.MonkeyPatch, places: list[int]
) -> None:
    one = content("a")
    monkeypatch.setattr(module, "MAX_STREAM_BYTES", 3 * len(one))
    events = merged(play(cut(one * 5 + ENDING, places)))
    assert events[:-1] == [Response("aaa")]
    assert isinstance(events[-1], Error)
    assert (events[-1].code, events[-1].detail) == ("limit_exceeded", "upstream_limit")


def test_a_stream_of_just_its_bytes_is_fine(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = content("a") + ENDING
    monkeypatch.setattr(module, "MAX_STREAM_BYTES", len(stream))
    assert play([stream]) == [Response("a"), Done("stop")]


def test_a_stream_of_too_many_events_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_STREAM_EVENTS", 3)
    events = play([content("a")] * 9)
    assert events[:-1] == [Response("a")] * 4
    assert isinstance(events[-1], Error)
    assert events[-1].detail == "upstream_limit"


def test_a_call_over_its_limit_ends_the_stream() -> None:
    events = play([calls(call("f", index=500)), ENDING])
    assert isinstance(events[-1], Error)
    assert events[-1].code == "limit_exceeded"


def test_the_words_of_the_upstream_never_leave() -> None:
    for stream in (frame({"error": {"message": "secret", "type": "secret"}}), b"data: secret\n\n"):
        (error,) = play([stream * 5])
        assert "secret" not in json.dumps([repr(error)])


def test_calls_and_text_keep_their_order_as_far_as_whole_calls_can() -> None:
    stream = content("a") + calls(call("f", index=0, id="x")) + content("b")
    stream += calls(call("g", index=1, id="y")) + ENDING
    assert merged(play([stream])) == [
        Response("ab"),
        ToolCall(0, "x", "f", "{}"),
        ToolCall(1, "y", "g", "{}"),
        Done("tool_calls"),
    ]
