"""What the page says about conversations: their titles, their messages, and which it asks for.

JSON values, or the query of an address, in; forms out, or InvalidRequest that names the field.
"""

import base64
import binascii
import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from mlx_relay.errors import InvalidRequest, TooLarge
from mlx_relay.storage.records import Conversation
from mlx_relay.web.chat_form import Parts
from mlx_relay.web.form_errors import describe

DEFAULT_TITLE = "New conversation"
MAX_TURN_BYTES = 8 * 1024 * 1024
MAX_PARTS = 1000

_ID = re.compile("[0-9a-f-]{1,36}")
_BAD_CURSOR = "cursor: It is not one that this server gave."

Title: TypeAlias = Annotated[str, Meta(max_length=200)]
Search: TypeAlias = Annotated[str, Meta(max_length=200, pattern="^[^\x00]*$")]
Word: TypeAlias = Annotated[str, Meta(max_length=1024)]
Count: TypeAlias = Annotated[int, Meta(ge=0, le=10**9)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=10**6)]


class _Form(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """Refuses unknown fields by name; an absent field stays absent when it is stored."""


class NewConversation(_Form, frozen=True):
    title: Title | None = None
    profile_id: int | None = None


class ConversationChanges(_Form, frozen=True):
    """A *profile_id* of null takes the profile away."""

    title: Title | UnsetType = UNSET
    profile_id: int | UnsetType | None = UNSET


class ListQuery(_Form, frozen=True):
    """*cursor* is the ``next`` of an earlier answer."""

    search: Search = ""
    cursor: Word | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class ExportQuery(_Form, frozen=True):
    format: Literal["markdown", "json"]


class ThinkingPart(_Form, frozen=True, tag_field="kind", tag="thinking"):
    text: str
    state: Literal["done", "interrupted"]
    duration: Seconds | None


class TextPart(_Form, frozen=True, tag_field="kind", tag="text"):
    text: str


class ToolPart(_Form, frozen=True, tag_field="kind", tag="tool"):
    id: Word
    name: Word
    arguments: str


class TurnUsage(_Form, frozen=True):
    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    total_tokens: Count | None = None
    reasoning_tokens: Count | None = None


class TurnError(_Form, frozen=True):
    content: Word
    code: Word
    retryable: bool
    detail: Word | None = None


class Turn(_Form, frozen=True):
    """An answer as the page shows it: its parts in order, and how it ended."""

    profile: Word
    model: Word
    parts: Annotated[list[ThinkingPart | TextPart | ToolPart], Meta(max_length=MAX_PARTS)]
    finish: Literal["stop", "length", "tool_calls", "unknown", "stopped", "disconnected"] | None
    usage: TurnUsage | None = None
    error: TurnError | None = None
    seconds: Seconds | None = None
    first_event: Seconds | None = None


class UserEntry(_Form, frozen=True, tag_field="role", tag="user"):
    content: str | Parts


class AssistantEntry(_Form, frozen=True, tag_field="role", tag="assistant"):
    turn: Turn


Entry: TypeAlias = UserEntry | AssistantEntry
"""A message as a conversation keeps it."""


def parse_entry(data: object) -> bytes:
    """Return the message in *data* as JSON; raises InvalidRequest, or TooLarge for a turn."""
    try:
        entry: Entry = msgspec.convert(data, Entry)
    except msgspec.ValidationError as error:
        raise InvalidRequest(describe(error)) from None
    encoded = msgspec.json.encode(entry)
    if isinstance(entry, AssistantEntry) and len(encoded) > MAX_TURN_BYTES:
        raise TooLarge
    return encoded


def load_entry(encoded: bytes) -> Entry:
    return _entries.decode(encoded)


def clean_title(title: str) -> str:
    """Return *title* on one line, without control characters.

    Raises InvalidRequest if nothing is left.
    """
    one_line = " ".join(title.split())
    cleaned = "".join(each for each in one_line if unicodedata.category(each) != "Cc")
    if not cleaned:
        raise InvalidRequest("title: It must not be empty.")
    return cleaned


def cursor_after(conversation: Conversation) -> str:
    """Return where the next page begins."""
    place = f"{conversation.updated_at.isoformat()} {conversation.id}"
    return base64.urlsafe_b64encode(place.encode()).decode()


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Return the time and the id in *cursor*; raises InvalidRequest for one that is not ours."""
    try:
        time, _, conversation_id = base64.urlsafe_b64decode(cursor.encode()).decode().partition(" ")
        updated_at = datetime.fromisoformat(time).astimezone(UTC)
    except (binascii.Error, ValueError, OverflowError):
        raise InvalidRequest(_BAD_CURSOR) from None
    if not _ID.fullmatch(conversation_id):
        raise InvalidRequest(_BAD_CURSOR)
    return updated_at, conversation_id


_entries: msgspec.json.Decoder[Entry] = msgspec.json.Decoder(Entry)
