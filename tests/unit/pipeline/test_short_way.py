"""Reads of one message each: the short way says what the long one says, and is taken."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import merged, play
from mlx_relay.events import Event, Response, Thinking
from mlx_relay.pipeline import MAX_STREAM_BYTES, Pipeline, parser_names
from mlx_relay.pipeline.families import find_families
from mlx_relay.pipeline.pieces import Pieces
from mlx_relay.pipeline.short_way import MAX_READ_BYTES, ShortWay
from mlx_relay.pipeline.voice import MAX_UNDECIDED, Voice
from unit.pipeline.frames import DONE, FINISH, call, calls, content, frame, reasoning, usage

MARKED = ["<think>", "</think>", "[THINK]", "<", "[", "`", "```", "~~~", "\n", " \n", "{", "}"]
PIECES = st.sampled_from([*MARKED, "a", " b", "c d", "\u00fc", "\u2028", "x" * (MAX_UNDECIDED - 3)])
MESSAGES = st.one_of(
    PIECES.map(content),
    PIECES.map(content),
    PIECES.map(reasoning),
    st.sampled_from([FINISH, usage(1, 2), calls(call("f", index=0)), b": ping\n\n", b"id: 1\n"]),
    st.sampled_from([frame({"error": "boom"}), b"data: {\n\n", b"event: error\n", b"data: \n\n"]),
)


def short_way(data: bytes, *before: bytes, **options: Any) -> Event | None:
    """Return what the short way makes of *data*, if it is open behind the reads *before*."""
    pipeline = Pipeline(**options)
    for read in before:
        pipeline.feed(read, 0.0)
    way = pipeline.short_way
    return way.take(data) if way else None


@given(st.lists(MESSAGES, max_size=12), st.sampled_from(sorted(parser_names())), st.booleans())
def test_a_read_for_each_message_gives_what_one_read_of_all_gives(
    messages: list[bytes], parser: str, starts: bool
) -> None:
    options = {"reasoning_parser": parser, "starts_in_thinking": starts or None}
    reads = [*messages, DONE]
    assert merged(play(reads, **options)) == merged(play([b"".join(reads)], **options))


def test_text_that_follows_text_takes_it() -> None:
    assert short_way(content("b"), content("a")) == Response("b")


def test_reasoning_that_follows_reasoning_takes_it() -> None:
    assert short_way(reasoning("b"), reasoning("a")) == Thinking("b")
    assert short_way(content("b"), content("<think>"), content("a")) == Thinking("b")


@pytest.mark.parametrize(
    "read",
    [
        content("b", "c"),
        content("b")[:-1],
        content("b")[1:],
        content("b").replace(b"\n", b"\r\n"),
        content("b").replace(b",", b",\r", 1),
        content("b" * MAX_READ_BYTES),
        content("<"),
        content("\n"),
        content("`"),
        content(""),
        reasoning("b"),
        FINISH,
        DONE,
        b"",
        b": ping\n\n",
    ],
)
def test_what_is_more_less_or_other_takes_the_long_one(read: bytes) -> None:
    assert short_way(read, content("a")) is None


@pytest.mark.parametrize(
    "before",
    [
        content("a", "<th"),
        content("a", "`"),
        content("a") + b"data: {",
        content("a") + b"event: error\n",
        content("a") + DONE,
        b"",
    ],
)
def test_it_is_closed_while_anything_is_held_back_or_new(before: bytes) -> None:
    assert short_way(content("b"), before) is None


def test_a_family_that_has_not_settled_counts_what_passes() -> None:
    voice = Voice(find_families("auto", None, starts_in_thinking=None), "text")
    voice.say("a" * (MAX_UNDECIDED - 1))
    way = ShortWay(voice, Response, Pieces(in_field=False), reads=9)
    assert way.take(content("b")) == Response("b")
    assert way.take(content("c")) is None


def test_the_limit_of_a_stream_is_the_same_on_both() -> None:
    text = "x" * (MAX_READ_BYTES - 1000)
    pipeline, taken = Pipeline(), 0
    while not pipeline.ended:
        events = pipeline.feed(content(text), 0.0)
        taken += len(content(text))
    assert [type(event).__name__ for event in events] == ["Error"]
    assert pipeline.bytes_received == taken
    assert MAX_STREAM_BYTES < taken <= MAX_STREAM_BYTES + len(content(text))


def test_it_takes_no_more_reads_than_it_may() -> None:
    voice = Voice(find_families(None, None, starts_in_thinking=None), "text")
    voice.say("a")
    way = ShortWay(voice, Response, Pieces(in_field=False), reads=1)
    assert way.take(content("b"))
    assert way.take(content("c")) is None
