"""Scopes of API keys, and the audit log."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ALL_SCOPES = "chat read account admin"

COMPLAINT = "a record of the audit log does not change"
GUARD = {
    "sqlite": [
        f"""CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
            BEGIN SELECT RAISE(ABORT, '{COMPLAINT}'); END""",
    ],
    "postgresql": [
        f"""CREATE FUNCTION refuse_to_change_audit() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION '{COMPLAINT}'; END $$""",
        """CREATE TRIGGER audit_stays BEFORE UPDATE ON audit
           FOR EACH ROW EXECUTE FUNCTION refuse_to_change_audit()""",
    ],
}
"""By dialect. Removing old records stays possible: how long they are kept is not ours to say."""


def upgrade() -> None:
    # A key that was made before there were scopes keeps what it could do.
    scopes = sa.Column("scopes", sa.String(64), nullable=False, server_default=ALL_SCOPES)
    op.add_column("api_keys", scopes)
    _create_audit()
    for statement in GUARD[op.get_context().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("audit")
    if op.get_context().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_to_change_audit")
    op.drop_column("api_keys", "scopes")


def _create_audit() -> None:
    """No foreign keys: a record outlives whom and what it names."""
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("actor_id", sa.Integer),
        sa.Column("via", sa.String(16), nullable=False),
        sa.Column("address", sa.String(64)),
        sa.Column("request_id", sa.String(64)),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("target", sa.String(64), nullable=False),
        sa.Column("target_id", sa.Integer, nullable=False),
        sa.Column("details", sa.JSON, nullable=False),
        sqlite_autoincrement=True,
    )
