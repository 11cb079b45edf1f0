"""The quick way to read a chunk agrees with the general way, or leaves the chunk to it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.pipeline import chunks
from mlx_relay.pipeline.chunks import Chunks
from mlx_relay.pipeline.deltas import Delta, ReasoningDelta, TextDelta
from mlx_relay.pipeline.plain import read_plain
from mlx_relay.pipeline.sse import Message

odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, "", "a", " ", 0, 1, False, [], {}, [None], "chat.completion.chunk"]
)


def objects(*keys: str) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(keys), odd, max_size=4)


deltas = objects("content", "reasoning", "reasoning_content", "tool_calls", "function_call", "role")
choices = st.builds(
    lambda choice, delta: {**choice, "delta": delta},
    objects("index", "finish_reason", "usage", "message"),
    deltas | odd,
)
frames = st.builds(
    lambda chunk, choices: {**chunk, "choices": choices},
    objects("id", "object", "error", "usage"),
    st.lists(choices | odd, max_size=2) | odd,
)


def chunk(**delta: Any) -> str:
    return json.dumps({"id": "1", "choices": [{"index": 0, "delta": delta}]})


def general(text: str, monkeypatch: pytest.MonkeyPatch) -> list[Delta]:
    with monkeypatch.context() as patch:
        patch.setattr(chunks, "read_plain", lambda _: None)
        return Chunks().feed(Message("message", text, ""))


@given(frames)
def test_it_reads_what_the_general_way_reads(frame: dict[str, Any]) -> None:
    text = json.dumps(frame)
    delta = read_plain(text)
    if delta is not None:
        with pytest.MonkeyPatch.context() as monkeypatch:
            assert general(text, monkeypatch) == [delta]


def test_a_piece_of_text_is_plain() -> None:
    assert read_plain(chunk(role="assistant", content="a")) == TextDelta("a")


def test_a_piece_of_reasoning_under_either_name_is_plain() -> None:
    assert read_plain(chunk(content=None, reasoning="a", tool_calls=[])) == ReasoningDelta("a")
    assert read_plain(chunk(content="", reasoning_content="a")) == ReasoningDelta("a")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[DONE]",
        "[" * 5000,
        chunk(),
        chunk(content=""),
        chunk(content="a", reasoning="b"),
        chunk(content=[{"type": "text", "text": "a"}]),
        chunk(content="a", tool_calls=[{"index": 0}]),
        '{"choices":[{"delta":{"content":"\\ud800"}}]}',
        '{"choices":[{"delta":{"content":"a"},"finish_reason":"stop"}]}',
        '{"choices":[{"delta":{"content":"a"},"index":1}]}',
        '{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}',
        '{"choices":[{"delta":{"content":"a"}}],"usage":{"total_tokens":1}}',
        '{"choices":[{"delta":{"content":"a"}}],"error":{"message":"full"}}',
        '{"choices":[{"delta":{"content":"a"}}],"object":"error"}',
    ],
)
def test_what_holds_more_or_less_is_left_to_the_general_way(text: str) -> None:
    assert read_plain(text) is None
