"""The policy's editions, immutable once published.

Revision: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE = (
    """
    CREATE TRIGGER policy_edition_no_update BEFORE UPDATE ON policy_edition
    WHEN OLD.published_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a published edition never changes'); END
    """,
    """
    CREATE TRIGGER policy_edition_no_delete BEFORE DELETE ON policy_edition
    WHEN OLD.published_at IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'a published edition never changes'); END
    """,
)
POSTGRESQL = (
    """
    CREATE FUNCTION policy_edition_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'a published edition never changes'; END $$
    """,
    """
    CREATE TRIGGER policy_edition_no_change BEFORE UPDATE OR DELETE ON policy_edition
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
    EXECUTE FUNCTION policy_edition_immutable()
    """,
    """
    CREATE TRIGGER policy_edition_no_truncate BEFORE TRUNCATE ON policy_edition
    FOR EACH STATEMENT EXECUTE FUNCTION policy_edition_immutable()
    """,
)


def upgrade(engine_name: str) -> None:
    """Make the table and the triggers that guard it."""
    if engine_name != "main":
        return
    op.create_table(
        "policy_edition",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("date", sa.Date, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("effective_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True)),
        sa.Column("approved_by", sa.String(120)),
        sa.Column("published_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("date", "language", "source"),
        sa.CheckConstraint("source IN ('operator', 'restatement')", name="source"),
        sa.CheckConstraint("kind IN ('editorial', 'material', 'new purpose')", name="kind"),
    )
    dialect = op.get_bind().dialect.name
    for statement in SQLITE if dialect == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the table; its triggers go with it."""
    if engine_name != "main":
        return
    op.drop_table("policy_edition")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION policy_edition_immutable()")
