"""What a conversation may hold, by field; titles on one line; cursors that are ours."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlx_relay.errors import InvalidRequest, TooLarge
from mlx_relay.storage.records import Conversation
from mlx_relay.web import conversation_form
from mlx_relay.web.conversation_form import (
    AssistantEntry,
    ToolPart,
    UserEntry,
    clean_title,
    cursor_after,
    load_entry,
    parse_entry,
    read_cursor,
)

IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
TURN: dict[str, Any] = {
    "profile": "qwen",
    "model": "Qwen3",
    "parts": [
        {"kind": "thinking", "text": "Hm.", "state": "done", "duration": 3.2},
        {"kind": "thinking", "text": "Oh", "state": "interrupted", "duration": None},
        {"kind": "text", "text": "Hello \u2028 \x00!"},
        {"kind": "tool", "id": "call_0", "name": "look_up", "arguments": "{}"},
    ],
    "usage": {"prompt_tokens": 3, "completion_tokens": 5},
    "finish": "stop",
    "seconds": 4.5,
    "first_event": 0.25,
}
ERROR = {"content": "It is down.", "code": "upstream_unreachable", "retryable": True}


def of_assistant(**changes: object) -> dict[str, Any]:
    return {"role": "assistant", "turn": TURN | changes}


@pytest.mark.parametrize(
    "entry",
    [
        {"role": "user", "content": "Hello"},
        {"role": "user", "content": [{"type": "text", "text": "Look"}, IMAGE]},
        of_assistant(),
        of_assistant(parts=[], finish=None, error=ERROR | {"detail": "refused"}),
        of_assistant(finish="disconnected"),
    ],
)
def test_a_message_is_stored_as_it_came(entry: dict[str, Any]) -> None:
    assert msgspec.json.decode(parse_entry(entry)) == entry
    assert isinstance(load_entry(parse_entry(entry)), UserEntry | AssistantEntry)


def test_what_is_null_and_may_be_absent_is_absent() -> None:
    stored = msgspec.json.decode(parse_entry(of_assistant(error=None, usage=None)))
    assert not {"error", "usage"} & set(stored["turn"])
    assert stored["turn"]["parts"][1]["duration"] is None


def test_the_role_comes_first_so_that_a_position_can_be_put_before_it() -> None:
    assert parse_entry({"content": "x", "role": "user"}).startswith(b'{"role":')


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        ([], "Expected object, got array."),
        ({}, "role: It is required."),
        ({"role": "system", "content": "x"}, "role: It is not one of"),
        ({"role": "user"}, "content: It is required."),
        ({"role": "user", "content": "x", "turn": TURN}, "turn: There is no such field."),
        ({"role": "user", "content": []}, "content: Expected array of length >= 1."),
        (
            {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://x/"}}]},
            "content[0].image_url.url: Expected string matching",
        ),
        (of_assistant(html="<b>"), "turn.html: There is no such field."),
        (of_assistant(finish="end"), "turn.finish: It is not one of"),
        (of_assistant(seconds=-1), "turn.seconds: Expected number >= 0"),
        (of_assistant(usage={"tokens": 1}), "turn.usage.tokens: There is no such field."),
        (of_assistant(usage={"prompt_tokens": -1}), "turn.usage.prompt_tokens: Expected integer"),
        (of_assistant(parts=[{"kind": "html", "text": ""}]), "turn.parts[0].kind: It is not one"),
        (of_assistant(parts=[{"kind": "text"}]), "turn.parts[0].text: It is required."),
        (of_assistant(parts=[TURN["parts"][2]] * 1001), "turn.parts: Expected array of length"),
        (of_assistant(error={"content": ""}), "turn.error.code: It is required."),
        (of_assistant(model="m" * 1025), "turn.model: Expected string of length"),
    ],
)
def test_a_bad_field_is_named(entry: object, complaint: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parse_entry(entry)
    assert refused.value.message.startswith(complaint)


def test_a_turn_has_a_size_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation_form, "MAX_TURN_BYTES", 1000)
    with pytest.raises(TooLarge):
        parse_entry(of_assistant(parts=[{"kind": "text", "text": "x" * 1000}]))
    parse_entry({"role": "user", "content": "x" * 1000})


def test_a_stored_tool_call_is_one_again() -> None:
    entry = load_entry(parse_entry(of_assistant()))
    assert isinstance(entry, AssistantEntry)
    assert entry.turn.parts[3] == ToolPart(id="call_0", name="look_up", arguments="{}")


@pytest.mark.parametrize(
    ("title", "cleaned"),
    [
        ("Hello", "Hello"),
        ("  two\n\tlines \r\n", "two lines"),
        ("a\x00b\x1bc\x7f", "abc"),
        ("👨\u200d👩\u200d👧 100%", "👨\u200d👩\u200d👧 100%"),
    ],
)
def test_a_title_is_one_line_without_control_characters(title: str, cleaned: str) -> None:
    assert clean_title(title) == cleaned


@pytest.mark.parametrize("title", ["", "  ", "\n\t", "\x00"])
def test_a_title_that_is_nothing_is_refused(title: str) -> None:
    with pytest.raises(InvalidRequest, match="title: "):
        clean_title(title)


def test_a_cursor_is_read_as_it_was_written() -> None:
    at = datetime(2026, 5, 1, 12, 0, 0, 123456, UTC)
    one = Conversation(id="0-a", title="", profile_id=None, created_at=at, updated_at=at)
    assert read_cursor(cursor_after(one)) == (at, "0-a")


@given(st.text(max_size=60))
def test_any_other_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidRequest, match="cursor: "):
        read_cursor(cursor)
