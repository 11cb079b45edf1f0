"""What the chunks of all servers mean."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from laws import run
from mlx_relay.events import UsageCounts
from mlx_relay.pipeline.chunks import Chunks
from mlx_relay.pipeline.deltas import (
    Delta,
    DoneDelta,
    ErrorDelta,
    FinishDelta,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    UsageDelta,
)
from mlx_relay.pipeline.sse import Message

CUT_OFF_DONE = Message("message", "[DONE]", "", None, complete=False)


class Reader(Chunks):
    """A Chunks with the face of a stage that must be closed."""

    def close(self) -> list[Delta]:
        return []


def message(data: str, event: str = "message", *, complete: bool = True) -> Message:
    return Message(event, data, "", None, complete)


def read(*chunks: Any) -> list[Delta]:
    return run(Reader(), [message(json.dumps(chunk)) for chunk in chunks])


def of_delta(**delta: Any) -> list[Delta]:
    return read({"choices": [{"index": 0, "delta": delta}]})


def failure(*messages: Message) -> tuple[str, str]:
    (delta,) = run(Reader(), messages)
    assert isinstance(delta, ErrorDelta)
    return delta.failure.code, delta.failure.cause


@pytest.mark.parametrize(
    "chunk",
    [
        {},
        {"choices": None},
        {"choices": []},
        {"choices": {}},
        {"choices": [None, 1, "x", []]},
        {"choices": [{}]},
        {"choices": [{"delta": None}]},
        {"choices": [{"delta": "text", "message": 5}]},
        {"choices": [{"delta": {}}]},
        {"choices": [{"delta": {"role": "assistant"}}]},
        {"choices": [{"delta": {"content": None, "reasoning_content": None, "tool_calls": None}}]},
        {"choices": [{"delta": {"content": "", "reasoning": "", "tool_calls": []}}]},
        {"choices": [{"delta": {"content": 5, "reasoning": ["x"], "tool_calls": {"a": 1}}}]},
        {"choices": [{"delta": {"tool_calls": [None, 1, {}, {"index": 0}, {"function": 5}]}}]},
        {"choices": [{"delta": {"function_call": None}}]},
        {"choices": [{"delta": {"content": []}}]},
        {"choices": [{"delta": {"content": [None, 1, {}, {"type": "image_url"}, {"text": 1}]}}]},
        {"choices": [{"delta": {"content": [{"type": "thinking", "thinking": None}]}}]},
        {"choices": [{"index": 1, "delta": {"content": "another choice"}}]},
        {"choices": [{"index": 0, "finish_reason": None}], "usage": None, "error": None},
        {"choices": [{"index": 0, "finish_reason": ""}], "usage": {}, "error": False},
        {"choices": [], "usage": {"prompt_tokens": None, "completion_tokens": "5"}},
        {"choices": [], "usage": {"prompt_tokens": True, "total_tokens": 1.5}},
        {"choices": [], "usage": 7},
        {"choices": [], "prompt_filter_results": [{}]},
        {"prompt_progress": {"total": 10, "processed": 5}},
    ],
)
def test_a_chunk_without_anything_in_it_adds_nothing(chunk: Any) -> None:
    assert read(chunk) == []


def test_content_is_text() -> None:
    assert of_delta(role="assistant", content="hi") == [TextDelta("hi")]


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning_content": "why"},
        {"reasoning": "why"},
        {"reasoning_content": "why", "reasoning": "why"},
        {"reasoning_content": "", "reasoning": "why"},
        {"reasoning_content": None, "reasoning": "why"},
        {"reasoning_content": 5, "reasoning": "why"},
        {"reasoning": "why", "reasoning_details": [{"text": "why"}]},
    ],
)
def test_one_reasoning_field_counts_and_only_one(fields: dict[str, Any]) -> None:
    assert of_delta(**fields) == [ReasoningDelta("why")]


def test_content_may_be_a_list_of_parts() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Okay"}, "ay"]}
    assert of_delta(content=[thinking, {"type": "text", "text": "4"}, {"text": "2"}, "!"]) == [
        ReasoningDelta("Okay"),
        ReasoningDelta("ay"),
        TextDelta("4"),
        TextDelta("2"),
        TextDelta("!"),
    ]
    assert of_delta(content=[{"type": "thinking", "thinking": "why"}]) == [ReasoningDelta("why")]


def test_reasoning_comes_before_content_and_content_before_calls() -> None:
    assert of_delta(
        tool_calls=[{"index": 0, "function": {"name": "f"}}], content="a", reasoning="why"
    ) == [ReasoningDelta("why"), TextDelta("a"), ToolCallDelta(0, "", "f", "")]


def test_content_comes_before_reasoning_when_the_stream_is_in_text() -> None:
    both = {"choices": [{"delta": {"content": "b", "reasoning": "why"}}]}
    text = {"choices": [{"delta": {"content": "a"}}]}
    thought = {"choices": [{"delta": {"reasoning": "hm"}}]}
    assert read(text, both) == [TextDelta("a"), TextDelta("b"), ReasoningDelta("why")]
    assert read(text, thought, both)[2:] == [ReasoningDelta("why"), TextDelta("b")]


def test_the_first_choice_with_index_0_or_none_counts() -> None:
    one = {"index": 1, "delta": {"content": "no"}}
    two = {"delta": {"content": "yes"}}
    three = {"index": 0, "delta": {"content": "late"}}
    assert read({"choices": [one, two, three]}) == [TextDelta("yes")]


def test_a_whole_completion_is_read_like_a_chunk() -> None:
    assert read(
        {
            "object": "chat.completion",
            "choices": [
                {
                    "index": 0,
                    "message": {"role": "assistant", "reasoning": "why", "content": "4"},
                    "finish_reason": "length",
                }
            ],
            "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
        }
    ) == [
        ReasoningDelta("why"),
        TextDelta("4"),
        FinishDelta("length"),
        UsageDelta(UsageCounts(1, 2, 3)),
    ]


def test_fragments_of_calls_are_handed_on() -> None:
    assert of_delta(
        tool_calls=[
            {"index": 0, "id": "a", "type": "function", "function": {"name": "f"}},
            {"index": 1.0, "function": {"name": None, "arguments": '{"a"'}},
            {"index": -1, "id": 7, "function": {"name": "g", "arguments": {"city": "Rome"}}},
            {"index": True, "function": {"arguments": [1]}},
        ]
    ) == [
        ToolCallDelta(0, "a", "f", ""),
        ToolCallDelta(1, "", "", '{"a"'),
        ToolCallDelta(None, "", "g", '{"city":"Rome"}'),
        ToolCallDelta(None, "", "", "[1]"),
    ]


def test_the_old_function_call_is_one_call() -> None:
    assert of_delta(function_call={"name": "f", "arguments": "{}"}) == [
        ToolCallDelta(0, "", "f", "{}")
    ]


@pytest.mark.parametrize(
    ("reason", "ours"),
    [
        ("stop", "stop"),
        ("length", "length"),
        ("tool_calls", "tool_calls"),
        ("content_filter", "unknown"),
        ("function_call", "unknown"),
        (["stop"], "unknown"),
    ],
)
def test_finish_reasons_are_ours_or_unknown(reason: Any, ours: Any) -> None:
    assert read({"choices": [{"finish_reason": reason}]}) == [FinishDelta(ours)]


def test_the_finish_reason_comes_behind_text_of_its_chunk() -> None:
    chunk = {"choices": [{"delta": {"content": "a"}, "finish_reason": "stop"}]}
    assert read(chunk) == [TextDelta("a"), FinishDelta("stop")]


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        ({"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}, UsageCounts(1, 2, 3)),
        ({"prompt_tokens": 1, "reasoning_tokens": 2}, UsageCounts(1, None, None, 2)),
        (
            {"reasoning_tokens": None, "completion_tokens_details": {"reasoning_tokens": 4}},
            UsageCounts(reasoning_tokens=4),
        ),
        (
            {"prompt_tokens": -5, "completion_tokens": 10**30, "total_tokens": 3.0},
            UsageCounts(0, 10**7, 3),
        ),
    ],
)
def test_usage_is_read_and_clamped(usage: Any, counts: UsageCounts) -> None:
    assert read({"choices": [], "usage": usage}) == [UsageDelta(counts)]
    assert read({"choices": [{"usage": usage}]}) == [UsageDelta(counts)]


@pytest.mark.parametrize("data", ["[DONE]", " [DONE] \t"])
def test_done_ends_the_stream(data: str) -> None:
    text = message('{"choices":[{"delta":{"content":"late"}}]}')
    assert run(Reader(), [message(data), text, message(data)]) == [DoneDelta()]


@pytest.mark.parametrize(
    "data",
    [
        '{"error":{"message":"boom","type":"server_error","param":null,"code":"500"}}',
        '{"error":{"message":"","code":500}}',
        '{"error":"boom"}',
        '{"error":""}',
        '{"error":{}}',
        '{"error":["boom"]}',
        '{"object":"error","message":"boom","code":400}',
        '{"error":{"object":"error","message":"boom"}}',
        '{"error":{"message":"boom"},"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}',
    ],
)
def test_an_error_frame_of_any_shape_is_an_error(data: str) -> None:
    assert failure(message(data)) == ("upstream_error", "in_band")


@pytest.mark.parametrize(
    "data",
    [
        '{"error":{"message":"full","type":"rate_limit_exceeded","code":"429"}}',
        '{"error":{"message":"full","code":429}}',
        '{"error":{"message":"full","type":"rate_limit_exceeded"}}',
        '{"error":{"message":"full","code":"rate_limit_exceeded"}}',
        '{"error":"full","code":429}',
        '{"object":"error","message":"full","code":429}',
    ],
)
def test_an_error_frame_that_says_full_is_busy(data: str) -> None:
    assert failure(message(data)) == ("upstream_busy", "in_band")


@pytest.mark.parametrize("data", ["{}", "boom", "[DONE]", "null", '{"type":"about:blank"}', "{"])
def test_an_error_event_is_an_error_whatever_it_holds(data: str) -> None:
    assert failure(message(data, "error")) == ("upstream_error", "in_band")


def test_an_error_event_may_say_full() -> None:
    assert failure(message('{"code":429}', "error")) == ("upstream_busy", "in_band")


def test_nothing_comes_behind_an_error() -> None:
    finish = message('{"choices":[{"finish_reason":"stop"}]}')
    assert failure(message('{"error":"boom"}'), finish, message("[DONE]"))


def test_three_messages_that_are_no_objects_are_skipped_and_the_fourth_is_an_error() -> None:
    chunks = Chunks()
    for data in ("rubbish", "1", "[1]"):
        assert chunks.feed(message(data)) == []
    assert chunks.skipped == 3
    (delta,) = chunks.feed(message('"text"'))
    assert isinstance(delta, ErrorDelta)
    assert (delta.failure.code, delta.failure.cause) == ("upstream_protocol", "bad_json")


def test_blank_data_is_a_sign_of_life_not_rubbish() -> None:
    chunks = Chunks()
    assert [chunks.feed(message(data)) for data in ("", " ", "\n", "", "")] == [[]] * 5
    assert chunks.skipped == 0


def test_a_cut_off_message_counts_when_it_is_whole_json_or_done() -> None:
    whole = message('{"choices":[{"delta":{"content":"a"}}]}', complete=False)
    assert run(Reader(), [whole, CUT_OFF_DONE]) == [TextDelta("a"), DoneDelta()]


@pytest.mark.parametrize("event", ["message", "error"])
def test_a_cut_off_message_that_is_neither_is_dropped_and_counted(event: str) -> None:
    chunks = Chunks()
    for _ in range(3):
        chunks.feed(message("rubbish"))
    assert chunks.feed(message('{"error":{"mess', event, complete=False)) == []
    assert chunks.skipped == 4


def test_progress_counts_output_and_nothing_else() -> None:
    chunks = Chunks()
    for data in (
        '{"choices":[{"delta":{"role":"assistant"}}]}',
        '{"choices":[],"usage":{"prompt_tokens":1}}',
        '{"choices":[{"delta":{},"finish_reason":"stop"}]}',
    ):
        chunks.feed(message(data))
    assert chunks.progress == 0
    chunks.feed(message('{"choices":[{"delta":{"content":"a","reasoning":"b"}}]}'))
    chunks.feed(message('{"choices":[{"delta":{"tool_calls":[{"id":"a"}]}}]}'))
    assert chunks.progress == 3


def test_lone_surrogates_become_the_replacement_character() -> None:
    data = message(r'{"choices":[{"delta":{"content":"a\ud83d","reasoning":"\ude00"}}]}')
    assert run(Reader(), [data]) == [ReasoningDelta("\ufffd"), TextDelta("a\ufffd")]


@pytest.mark.parametrize("depth", [*range(900, 1010, 3), 100_000])
def test_arguments_of_any_depth_do_not_raise(depth: int) -> None:
    arguments = '{"a":' * depth + "1" + "}" * depth
    call = f'{{"index":0,"function":{{"name":"f","arguments":{arguments}}}}}'
    run(Reader(), [message(f'{{"choices":[{{"delta":{{"tool_calls":[{call}]}}}}]}}')])


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 200) | st.floats() | st.sampled_from(["", "a"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=5,
)


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Draw objects that have some of *fields*, each as it should be or not."""
    return (
        st.fixed_dictionaries({}, optional={n: s | ANYTHING for n, s in fields.items()}) | ANYTHING
    )


CALLS = st.lists(
    objects(
        index=st.integers(-1, 130),
        id=st.sampled_from(["", "a"]),
        function=objects(name=st.text(max_size=2), arguments=st.text(max_size=3)),
    ),
    max_size=3,
)
DELTAS = objects(
    content=st.text(max_size=3) | st.lists(objects(type=st.just("text"), text=st.just("t"))),
    reasoning_content=st.text(max_size=3),
    reasoning=st.text(max_size=3),
    tool_calls=CALLS,
    function_call=objects(name=st.text(max_size=2), arguments=st.text(max_size=3)),
)
CHOICES = objects(
    index=st.integers(0, 1), delta=DELTAS, message=DELTAS, finish_reason=st.just("stop")
)
USAGE = objects(prompt_tokens=st.integers(), completion_tokens_details=ANYTHING)
CHUNKS = objects(choices=st.lists(CHOICES, max_size=2), usage=USAGE, object=st.text(max_size=3))


@given(chunks=st.lists(CHUNKS, max_size=6))
def test_no_shape_of_a_chunk_raises_or_gives_empty_text(chunks: list[Any]) -> None:
    for delta in read(*chunks):
        if isinstance(delta, TextDelta | ReasoningDelta):
            assert delta.text
