"""No number of a row is given again: on SQLite, too.

There a table without AUTOINCREMENT gives the number of its last row, once that is deleted,
to the next one. PostgreSQL has sequences.

Revision: 0039
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

AGAIN, ONCE = "PRIMARY KEY (id)", "PRIMARY KEY (id AUTOINCREMENT)"
OWN = "%\tid INTEGER NOT NULL,%"
"""A number of its own, not that of another row."""


def upgrade(engine_name: str) -> None:
    """Let each table go on above the highest number that it has."""
    if engine_name != "main" or op.get_bind().dialect.name != "sqlite":
        return
    for table in _rewrite(AGAIN, ONCE):
        op.execute(
            f"INSERT INTO sqlite_sequence (name, seq) SELECT '{table}', max(id) "  # noqa: S608 - our own
            f"FROM {table} GROUP BY 1"
        )


def downgrade(engine_name: str) -> None:
    """Let them give numbers again."""
    if engine_name != "main" or op.get_bind().dialect.name != "sqlite":
        return
    for table in _rewrite(ONCE, AGAIN):
        op.execute(f"DELETE FROM sqlite_sequence WHERE name = '{table}'")  # noqa: S608 - our own


def _rewrite(before: str, after: str) -> list[str]:
    """Edit the primary key in the text of each table that has it; return their names.

    Nothing else of a table changes, not even a byte of its rows. A copy would take along
    its triggers, and the rows that refer to it.
    """
    link = op.get_bind()
    which = sa.text(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE :own "
        "AND sql LIKE '%' || char(9) || 'CONSTRAINT pk_' || name || ' ' || :key || '%'"
    )
    tables = list(link.scalars(which, {"own": OWN, "key": before}))
    version = link.exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    edited = sa.text(
        "UPDATE sqlite_master SET sql = replace(sql, :before, :after) "
        "WHERE type = 'table' AND name = :table"
    )
    for table in tables:
        link.execute(edited, {"before": before, "after": after, "table": table})
    # Other connections read the tables anew, and so does this one.
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = RESET")
    return tables
