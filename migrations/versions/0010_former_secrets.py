"""Which secret of the site made a second factor, and what turns it into another's.

Revision: 0010
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("second_factor", "recovery_code")


def upgrade(engine_name: str) -> None:
    """Add the columns; rows without a name are those of the oldest secret."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.add_column(table, sa.Column("made_with", sa.String(16)))
        op.add_column(table, sa.Column("mask", sa.String(64)))


def downgrade(engine_name: str) -> None:
    """Drop the columns: what another secret has taken over is lost with its mask."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_column(table, "mask")
        op.drop_column(table, "made_with")
