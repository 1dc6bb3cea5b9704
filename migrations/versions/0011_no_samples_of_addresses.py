"""PostgreSQL gathers no samples of the columns that are destroyed in time.

Its statistics keep values of a table after the table's rows, and even the table, are gone.

Revision: 0011
"""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COLUMNS = {
    "access_record": ("ip", "user_agent", "visitor", "request_id"),
    "access_address": ("ip",),
    "access_seen": ("key",),
    "access_salt": ("salt",),
}


def upgrade(engine_name: str) -> None:
    """Gather none, neither in the tables nor in the partitions they have."""
    _gather(engine_name, 0)


def downgrade(engine_name: str) -> None:
    """Gather as many as of every column."""
    _gather(engine_name, -1)


def _gather(engine_name: str, samples: int) -> None:
    if engine_name != "access" or op.get_bind().dialect.name != "postgresql":
        return
    for table, columns in COLUMNS.items():
        for column in columns:
            op.execute(f"ALTER TABLE {table} ALTER {column} SET STATISTICS {samples}")
