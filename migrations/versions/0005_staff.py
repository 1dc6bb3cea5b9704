"""Permissions of members of staff.

Revision: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

HELD = sa.text("ended_at IS NULL")


def upgrade(engine_name: str) -> None:
    """Make the table; a permission is held once at a time."""
    if engine_name != "main":
        return
    op.create_table(
        "staff_grant",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person", sa.Integer, nullable=False, index=True),
        sa.Column("permission", sa.String(20), nullable=False),
        sa.Column("given_by", sa.Integer),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_by", sa.Integer),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
    )
    op.create_index(
        "uq_staff_grant_held",
        "staff_grant",
        ["person", "permission"],
        unique=True,
        sqlite_where=HELD,
        postgresql_where=HELD,
    )


def downgrade(engine_name: str) -> None:
    """Drop the table."""
    if engine_name == "main":
        op.drop_table("staff_grant")
