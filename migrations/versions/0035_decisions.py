"""Which lines of the file of decisions this database knows.

Revision: 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Make the table."""
    if engine_name != "main":
        return
    op.create_table(
        "decision_head",
        sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )


def downgrade(engine_name: str) -> None:
    """Drop the table."""
    if engine_name != "main":
        return
    op.drop_table("decision_head")
