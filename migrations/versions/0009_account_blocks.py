"""Blocks of accounts.

Revision: 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

IN_FORCE = sa.text("lifted_at IS NULL")


def upgrade(engine_name: str) -> None:
    """Make the table; an account is blocked once at a time."""
    if engine_name != "main":
        return
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    op.create_table(
        "account_block",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person", sa.Integer, owner, nullable=False, index=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.Integer),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), index=True),
        sa.Column("lifted_by", sa.Integer),
        sa.Column("lifted_reason", sa.Text),
    )
    op.create_index(
        "uq_account_block_in_force",
        "account_block",
        ["person"],
        unique=True,
        sqlite_where=IN_FORCE,
        postgresql_where=IN_FORCE,
    )


def downgrade(engine_name: str) -> None:
    """Drop the table."""
    if engine_name == "main":
        op.drop_table("account_block")
