"""Findings of the access log are stored; scanners are counted apart.

Revision: 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

SCANNERS = sa.text("finding <> ''")


def upgrade(engine_name: str) -> None:
    """Make the table, and the columns of addresses and totals."""
    if engine_name != "access":
        return
    _findings()
    op.add_column(
        "access_address",
        sa.Column("finding", sa.String(60), nullable=False, server_default=""),
    )
    op.create_index(
        "ix_access_address_finding",
        "access_address",
        ["day", "finding"],
        sqlite_where=SCANNERS,
        postgresql_where=SCANNERS,
    )
    op.add_column(
        "access_total",
        sa.Column("scanners", sa.BigInteger(), nullable=False, server_default="0"),
    )


def downgrade(engine_name: str) -> None:
    """Drop them; PostgreSQL's partitions go with their parent."""
    if engine_name != "access":
        return
    op.drop_column("access_total", "scanners")
    op.drop_index("ix_access_address_finding", "access_address")
    op.drop_column("access_address", "finding")
    op.drop_table("access_finding")


def _findings() -> None:
    big, word = sa.BigInteger, sa.String(60)
    op.create_table(
        "access_finding",
        sa.Column("day", sa.Date(), primary_key=True, nullable=False),
        sa.Column("key", word, primary_key=True, nullable=False),
        sa.Column("kind", word, nullable=False),
        sa.Column("scope", word, nullable=False),
        sa.Column("network", sa.String(45), nullable=False),
        sa.Column("pseudonym", sa.String(8), nullable=False),
        *(
            sa.Column(name, big(), nullable=False)
            for name in ("first", "last", "addresses", "requests", "errors", "answered")
        ),
        sa.Column("severity", sa.SmallInteger(), nullable=False),
        sa.Column("browser", word, nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("exposed", sa.Text(), nullable=False),
        sqlite_with_rowid=False,
        postgresql_partition_by="LIST (day)",
    )
    if op.get_bind().dialect.name == "postgresql":
        for column in ("network", "pseudonym"):
            op.execute(f"ALTER TABLE access_finding ALTER {column} SET STATISTICS 0")
