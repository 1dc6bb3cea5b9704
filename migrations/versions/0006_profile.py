"""Changes of addresses, pictures of accounts, and when details were last confirmed.

Revision: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Make the tables and the column."""
    if engine_name != "main":
        return
    op.add_column("person", _moment("checked_at", null=True))
    op.create_table(
        "email_change",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person", sa.Integer, _owner(), nullable=False, index=True),
        sa.Column("old", sa.String(254), nullable=False),
        sa.Column("new", sa.String(254), nullable=False),
        _moment("asked_at", index=True),
        _moment("changed_at", null=True),
        _moment("over_at", null=True),
    )
    op.create_table(
        "photo",
        sa.Column("person", sa.Integer, _owner(), primary_key=True, autoincrement=False),
        sa.Column("name", sa.String(32), nullable=False, unique=True),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        _moment("kept_at"),
    )


def downgrade(engine_name: str) -> None:
    """Drop the tables and the column."""
    if engine_name != "main":
        return
    op.drop_table("photo")
    op.drop_table("email_change")
    op.drop_column("person", "checked_at")


def _moment(name: str, *, null: bool = False, index: bool = False) -> "sa.Column[object]":
    return sa.Column(name, sa.DateTime(timezone=True), nullable=null, index=index)


def _owner() -> sa.ForeignKey:
    return sa.ForeignKey("person.id", ondelete="CASCADE")
