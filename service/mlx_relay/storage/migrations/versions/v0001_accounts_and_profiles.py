"""Users, API keys and profiles."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _create_users()
    _create_api_keys()
    _create_profiles()


def downgrade() -> None:
    for table in ("profiles", "api_keys", "users"):
        op.drop_table(table)


def _create_users() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("password_hash", sa.String(255), nullable=False),
        sa.Column("role", sa.String(16), nullable=False),
        sa.Column("disabled", sa.Boolean, nullable=False),
        sa.Column("token_version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sqlite_autoincrement=True,
    )


def _create_api_keys() -> None:
    owner = sa.ForeignKey("users.id", ondelete="CASCADE")
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("user_id", sa.Integer, owner, nullable=False, index=True),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False, unique=True),
        sa.Column("prefix", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True)),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sqlite_autoincrement=True,
    )


def _create_profiles() -> None:
    op.create_table(
        "profiles",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(64), nullable=False, unique=True),
        sa.Column("scheme", sa.String(8), nullable=False),
        sa.Column("host", sa.String(253), nullable=False),
        sa.Column("port", sa.Integer, nullable=False),
        sa.Column("base_path", sa.String(255), nullable=False),
        sa.Column("api_key", sa.String(4096)),
        sa.Column("model_path", sa.String(1024), nullable=False),
        sa.Column("model_type", sa.String(16), nullable=False),
        sa.Column("reasoning_parser", sa.String(64)),
        sa.Column("tool_parser", sa.String(64)),
        sa.Column("starts_in_thinking", sa.Boolean),
        sa.Column("keeps_reasoning", sa.Boolean, nullable=False),
        sa.Column("deadlines", sa.JSON, nullable=False),
        sa.Column("max_streams", sa.Integer, nullable=False),
        sa.Column("enabled", sa.Boolean, nullable=False),
        sqlite_autoincrement=True,
    )
