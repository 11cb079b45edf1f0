"""Reads of one message each: what surrounds a text is learnt, and says no more than it did."""

from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import merged, play
from mlx_relay.pipeline import Pipeline, pieces, plain
from mlx_relay.pipeline.pieces import MAX_LESSONS, Pieces
from unit.pipeline.frames import DONE, content, frame, reasoning

LITERALS = st.sampled_from(
    [
        *(
            b'"a"',
            b'"b"',
            b'"aa"',
            b'"<"',
            b'"\\n"',
            b'""',
            b"null",
            b"1",
            b'["a"]',
            b' "a"',
            b'"a" ',
        ),
        *(
            b'"\\u0061"',
            b'"\\ud83d\\ude00"',
            b'"\\ud83d"',
            b'"\xc3\xbc"',
            b'"\xc3"',
            b'"a\tb"',
            b'"a',
        ),
        *(
            b'"a\\"}"',
            b'"a","role":"b"',
            b'"a"},"finish_reason":"stop","x":{"y":"b"',
            b'"a","content":"b"',
        ),
        b'"a"}}]}\n\ndata: {"choices":[{"delta":{"content":"b"',
    ]
)
SURROUNDINGS = st.sampled_from(
    [
        *(b'{"choices":[{"delta":{"content":%b}}]}', b'{"choices":[{"delta":{"reasoning":%b}}]}'),
        b'{"model":"a","id":"b","choices":[{"delta":{"role":"aa","content":%b}}]}',
        b'{"choices":[{"delta":{"content":"a","content":%b}}]}',
        b'{"choices":[{"delta":{"content":%b,"content":"a"}}]}',
        b'{"choices":[{"delta":{"content":"","reasoning_content":"a","reasoning":%b}}]}',
        b'{"choices":[{"delta":{"content":null,"reasoning":%b,"reasoning_content":""}}],"x":"b"}',
    ]
)


@given(SURROUNDINGS, SURROUNDINGS, st.lists(st.tuples(st.booleans(), LITERALS), max_size=12))
def test_what_surrounds_a_text_says_no_more_than_it_did_when_it_was_learnt(
    often: bytes, seldom: bytes, texts: list[tuple[bool, bytes]]
) -> None:
    chunks = [(often if is_often else seldom) % text for is_often, text in texts]
    reads = [*(b"data: %b\n\n" % chunk for chunk in chunks), DONE]
    assert merged(play(reads)) == merged(play([b"".join(reads)]))


def chunks_read(reads: Iterable[bytes], monkeypatch: pytest.MonkeyPatch) -> int:
    """Return how many chunks are read for the texts of *reads*; all must have one."""
    seen: list[bytes | str] = []

    def note(chunk: bytes | str) -> Any:
        seen.append(chunk)
        return plain.read_plain(chunk)

    monkeypatch.setattr(pieces, "read_plain", note)
    reader = Pieces(in_field=False)
    for read in reads:
        assert reader.read(read)
    return len(seen)


def chunk_of(second: int) -> bytes:
    return frame({"created": second, "choices": [{"delta": {"content": "b"}}]})


def test_of_chunks_that_differ_in_their_text_one_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = [content(text) for text in ("b", "cd", "\u00fc", 'say "e"', "f")]
    assert chunks_read(reads, monkeypatch) == 2


def test_what_changes_now_and_then_is_learnt_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = 3 * MAX_LESSONS
    reads = [chunk_of(second) for second in range(seconds) for _ in range(10)]
    assert chunks_read(reads, monkeypatch) == 2 * seconds


def test_what_changes_with_every_chunk_is_soon_not_learnt_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reads = [chunk_of(second) for second in range(100)]
    assert chunks_read(reads, monkeypatch) <= 100 + MAX_LESSONS


def test_what_was_learnt_outlives_what_takes_the_long_way(monkeypatch: pytest.MonkeyPatch) -> None:
    pipeline = Pipeline()
    for text in ("a", "b", "\n", "c"):
        pipeline.feed(content(text), 0.0)
    monkeypatch.setattr(pieces, "read_plain", None)
    assert pipeline.short_way
    assert pipeline.short_way.take(content("d"))


def test_the_other_field_is_not_read() -> None:
    reader = Pieces(in_field=False)
    assert [reader.read(read) for read in (content("a"), reasoning("b"))] == ["a", ""]
    reader = Pieces(in_field=True)
    assert [reader.read(read) for read in (content("a"), reasoning("b"))] == ["", "b"]
