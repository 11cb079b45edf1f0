"""Two dialects that say the same have the same hash; another word has another."""

import json

import pytest

from load.answers import Answer, EventReader, answer_of, messages_of


def body(*deltas: dict[str, object]) -> bytes:
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    lines = [f"data: {json.dumps(chunk)}\n\n" for chunk in chunks]
    return "".join([": keepalive\n\n", *lines, "data: [DONE]\n\n"]).encode()


def events(*messages: dict[str, object]) -> EventReader:
    reader = EventReader()
    for message in messages:
        reader.feed(message)
    return reader


def test_a_relayed_stream_has_the_hash_of_its_cassette() -> None:
    call = {"function": {"name": "look", "arguments": '{"a": 1, "b": 2}'}}
    sent = body({"reasoning_content": "\nhm"}, {"content": "\n\nyes"}, {"tool_calls": [call]})
    seen = events(
        {"type": "start"},
        {"type": "thinking", "content": "\nhm"},
        {"type": "thinking_done", "duration": 0.1},
        {"type": "response", "content": "yes"},
        {"type": "tool_call", "name": "look", "arguments": '{"b":2,"a":1}'},
        {"type": "done", "finish_reason": "tool_calls"},
    )
    assert seen.answer.digest() == answer_of(sent).digest()
    assert seen.terminal == {"type": "done", "finish_reason": "tool_calls"}


def test_one_other_letter_gives_another_hash() -> None:
    assert Answer(response="yes").digest() != Answer(response="Yes").digest()


def test_thinking_that_was_taken_for_the_answer_gives_another_hash() -> None:
    assert Answer(thinking="yes").digest() != Answer(response="yes").digest()


def test_a_reader_who_left_has_the_beginning() -> None:
    whole = Answer(thinking="hm", response="one two")
    assert Answer(thinking="hm", response="one").begins(whole)
    assert not Answer(thinking="hm", response="two").begins(whole)


def test_nothing_may_follow_the_terminal_event() -> None:
    with pytest.raises(ValueError, match="response after done"):
        events({"type": "done"}, {"type": "response", "content": "late"})


def test_only_data_lines_are_messages() -> None:
    lines = [b": ping", b"id: 3", b'data: {"type": "done"}', b"", b"data: [DONE]"]
    assert messages_of(lines) == [{"type": "done"}]
