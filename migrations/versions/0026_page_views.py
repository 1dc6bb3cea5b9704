"""Count the page views of people by hour and day.

Revision: 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Add the counter; of the past, every request of people counts as a page view.

    The rows that would tell them apart are destroyed after a time.
    """
    if engine_name != "access":
        return
    column = sa.Column("views", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("access_total", column)
    op.execute("UPDATE access_total SET views = requests - robots - scanners")


def downgrade(engine_name: str) -> None:
    """Drop it."""
    if engine_name != "access":
        return
    op.drop_column("access_total", "views")
