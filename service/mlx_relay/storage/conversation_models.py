"""The tables of conversations. Only ``storage.conversations`` and the migrations look in here."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from mlx_relay.storage.models import Base, UtcDateTime
from mlx_relay.storage.records import Conversation


class ConversationRow(Base):
    """*title_folded* is the title as searches see it: no database folds more than ASCII alike."""

    __tablename__ = "conversations"
    __table_args__ = (Index("ix_conversations_newest", "user_id", "updated_at", "id"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    profile_id: Mapped[int | None] = mapped_column(
        ForeignKey("profiles.id", ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(200))
    title_folded: Mapped[str] = mapped_column(String(600))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)

    def to_conversation(self) -> Conversation:
        return Conversation(
            id=self.id,
            title=self.title,
            profile_id=self.profile_id,
            created_at=self.created_at,
            updated_at=self.updated_at,
        )


class MessageRow(Base):
    """*body* is the message as JSON: what is in it is the page's business, not the database's."""

    __tablename__ = "messages"
    __table_args__ = ()

    conversation_id: Mapped[str] = mapped_column(
        ForeignKey("conversations.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    body: Mapped[bytes] = mapped_column(LargeBinary)
