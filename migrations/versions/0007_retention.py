"""What each sweep destroyed.

Revision: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Make the table."""
    if engine_name != "main":
        return
    op.create_table(
        "retention_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("counts", sa.Text, nullable=False),
    )


def downgrade(engine_name: str) -> None:
    """Drop the table."""
    if engine_name != "main":
        return
    op.drop_table("retention_run")
