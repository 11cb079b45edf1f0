"""The conversations of users: whose and which in; value objects out.

Every question names the user, so that a conversation of somebody else is one that is not there.
Messages go in and come out as JSON bytes. Each method is one short transaction.
"""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from mlx_relay.errors import Conflict, InvalidRequest, NotFound, ProfileNotFound, TooLarge
from mlx_relay.storage.conversation_models import ConversationRow, MessageRow
from mlx_relay.storage.models import ProfileRow, UserRow
from mlx_relay.storage.records import Conversation
from mlx_relay.storage.rows import MAX_ID
from mlx_relay.storage.transactions import Transactions

MAX_CONVERSATIONS = 10_000
MAX_MESSAGES = 2_000
MAX_CONVERSATION_BYTES = 64 * 1024 * 1024
"""Twice what a chat may send: whoever opens a conversation gets all of it at once."""

_TOO_LONG = f"position: a conversation holds at most {MAX_MESSAGES} messages"
_TOO_MANY = f"You have {MAX_CONVERSATIONS} conversations: delete some first."


class Conversations:
    """An id that is unknown, or another user's, raises NotFound; a profile's ProfileNotFound."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    async def newest(
        self,
        user_id: int,
        *,
        search: str = "",
        before: tuple[datetime, str] | None = None,
        limit: int,
    ) -> list[Conversation]:
        """Return up to *limit*, newest first, with *search* in the title, older than *before*."""
        query = select(ConversationRow).where(ConversationRow.user_id == user_id)
        if search:
            query = query.where(
                ConversationRow.title_folded.contains(search.casefold(), autoescape=True)
            )
        if before is not None:
            query = query.where(_is_older(*before))
        newest = ConversationRow.updated_at.desc(), ConversationRow.id.desc()
        async with self._transactions.read() as session:
            rows = (await session.scalars(query.order_by(*newest).limit(limit))).all()
            return [row.to_conversation() for row in rows]

    async def add(self, user_id: int, title: str, profile_id: int | None) -> Conversation:
        """Raises InvalidRequest for a user who has too many."""
        now = datetime.now(UTC)
        row = ConversationRow(
            id=str(uuid.uuid4()),
            user_id=user_id,
            profile_id=profile_id,
            title=title,
            title_folded=title.casefold(),
            created_at=now,
            updated_at=now,
        )
        async with self._transactions.write() as session:
            await _check_profile(session, profile_id)
            await _check_room(session, user_id)
            session.add(row)
            await session.flush()
            return row.to_conversation()

    async def whole(self, user_id: int, conversation_id: str) -> tuple[Conversation, list[bytes]]:
        """Return the conversation and its messages, in order."""
        query = select(MessageRow.body).where(MessageRow.conversation_id == conversation_id)
        async with self._transactions.read() as session:
            row = await _find(session, user_id, conversation_id)
            bodies = (await session.scalars(query.order_by(MessageRow.position))).all()
            return row.to_conversation(), list(bodies)

    async def change(
        self, user_id: int, conversation_id: str, changes: dict[str, Any]
    ) -> Conversation:
        """Set *title* or *profile_id*; neither makes the conversation a newer one."""
        async with self._transactions.write() as session:
            row = await _find(session, user_id, conversation_id, lock=True)
            profile_id = changes.get("profile_id", row.profile_id)
            await _check_profile(session, profile_id)
            row.profile_id = profile_id
            row.title = changes.get("title", row.title)
            row.title_folded = row.title.casefold()
            return row.to_conversation()

    async def remove(self, user_id: int, conversation_id: str) -> None:
        async with self._transactions.write() as session:
            await session.delete(await _find(session, user_id, conversation_id, lock=True))

    async def put_message(
        self, user_id: int, conversation_id: str, position: int, body: bytes
    ) -> Conversation:
        """Make *body* the message at *position*, and the last one.

        Raises Conflict where that would leave a gap, InvalidRequest or TooLarge at a limit.
        """
        if position >= MAX_MESSAGES:
            raise InvalidRequest(_TOO_LONG)
        async with self._transactions.write() as session:
            row = await _find(session, user_id, conversation_id, lock=True)
            later = delete(MessageRow).where(
                MessageRow.conversation_id == row.id, MessageRow.position >= position
            )
            await session.execute(later)
            await _check_fit(session, row.id, position, len(body))
            session.add(MessageRow(conversation_id=row.id, position=position, body=body))
            row.updated_at = datetime.now(UTC)
            await session.flush()
            return row.to_conversation()


def _is_older(updated_at: datetime, conversation_id: str) -> ColumnElement[bool]:
    return or_(
        ConversationRow.updated_at < updated_at,
        and_(ConversationRow.updated_at == updated_at, ConversationRow.id < conversation_id),
    )


async def _find(
    session: AsyncSession, user_id: int, conversation_id: str, *, lock: bool = False
) -> ConversationRow:
    query = select(ConversationRow).where(
        ConversationRow.id == conversation_id, ConversationRow.user_id == user_id
    )
    row = await session.scalar(query.with_for_update() if lock else query)
    if row is None:
        raise NotFound
    return row


async def _check_profile(session: AsyncSession, profile_id: int | None) -> None:
    if profile_id is None:
        return
    exists = 0 < profile_id <= MAX_ID
    if not exists or await session.get(ProfileRow, profile_id) is None:
        raise ProfileNotFound


async def _check_room(session: AsyncSession, user_id: int) -> None:
    """Lock the user too: who adds two at once waits, and a user who has just gone is no 409."""
    if await session.get(UserRow, user_id, with_for_update=True) is None:
        raise NotFound
    theirs: Select[int] = select(func.count()).where(ConversationRow.user_id == user_id)
    if (await session.scalar(theirs) or 0) >= MAX_CONVERSATIONS:
        raise InvalidRequest(_TOO_MANY)


async def _check_fit(session: AsyncSession, conversation_id: str, position: int, size: int) -> None:
    """Look at what is left of a conversation: *position* messages, and room for *size* bytes."""
    left = select(func.count(), func.sum(func.length(MessageRow.body)))
    count, total = (
        await session.execute(left.where(MessageRow.conversation_id == conversation_id))
    ).one()
    if count != position:
        raise Conflict(f"The conversation has {count} messages: {position} would leave a gap.")
    if (total or 0) + size > MAX_CONVERSATION_BYTES:
        raise TooLarge("The conversation is too large: start a new one.")
