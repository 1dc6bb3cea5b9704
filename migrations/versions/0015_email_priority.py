"""Emails of the service leave before the news.

Revision: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Give every email the priority of the service."""
    if engine_name != "main":
        return
    with op.batch_alter_table("letter") as letter:
        letter.add_column(
            sa.Column("priority", sa.Integer, nullable=False, server_default="0")
        )
        letter.drop_index("ix_letter_state_next_at")
        letter.create_index(
            "ix_letter_state_priority_next_at", ["state", "priority", "next_at"]
        )
    with op.batch_alter_table("letter") as letter:
        letter.alter_column("priority", server_default=None)


def downgrade(engine_name: str) -> None:
    """Send the emails in their own order again."""
    if engine_name != "main":
        return
    with op.batch_alter_table("letter") as letter:
        letter.drop_index("ix_letter_state_priority_next_at")
        letter.drop_column("priority")
        letter.create_index("ix_letter_state_next_at", ["state", "next_at"])
