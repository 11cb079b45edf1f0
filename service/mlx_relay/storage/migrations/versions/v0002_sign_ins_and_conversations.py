"""Sign-ins of browsers, and conversations with their messages."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_sign_ins()
    _create_conversations()
    _create_messages()


def downgrade() -> None:
    for table in ("messages", "conversations", "sign_ins"):
        op.drop_table(table)


def _create_sign_ins() -> None:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user_id", sa.Integer, owner, nullable=False, index=True),
        sa.Column("token_version", sa.Integer, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("renewed_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def _create_conversations() -> None:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    profile = sa.ForeignKey("profiles.id", ondelete="SET NULL")
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("user_id", sa.Integer, owner, nullable=False),
        sa.Column("profile_id", sa.Integer, profile, index=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("title_folded", sa.String(600), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index("ix_conversations_newest", "conversations", ["user_id", "updated_at", "id"])


def _create_messages() -> None:
    conversation = sa.ForeignKey("conversations.id", ondelete="CASCADE")
    op.create_table(
        "messages",
        sa.Column("conversation_id", sa.String(36), conversation, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
    )
