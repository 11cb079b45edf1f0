"""Rows of conversations come out as value objects."""

from datetime import UTC, datetime

from mlx_relay.storage.conversation_models import ConversationRow, MessageRow
from mlx_relay.storage.records import Conversation

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def test_a_row_says_nothing_of_its_user_and_its_folded_title() -> None:
    row = ConversationRow(
        id="x",
        user_id=1,
        profile_id=None,
        title="A",
        title_folded="a",
        created_at=NOON,
        updated_at=NOON,
    )
    assert row.to_conversation() == Conversation(
        id="x", title="A", profile_id=None, created_at=NOON, updated_at=NOON
    )


def test_a_message_is_known_by_its_conversation_and_its_position() -> None:
    keys = [column.name for column in MessageRow.__table__.primary_key]
    assert keys == ["conversation_id", "position"]
