"""Wordings of the policy that are bound by hand to an entry of the ledger.

Revision: 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Make the table."""
    if engine_name != "main":
        return
    op.create_table(
        "policy_assessment",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("wording", sa.String(64), nullable=False),
        sa.Column("entry", sa.String(20), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade(engine_name: str) -> None:
    """Drop the table."""
    if engine_name == "main":
        op.drop_table("policy_assessment")
