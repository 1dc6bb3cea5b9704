"""Blocks, and tombstones of what was destroyed; two more kinds of requests.

Revision: 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
OPEN = "lifted_at IS NULL AND scope = 'all'"
OPEN_FIELD = "lifted_at IS NULL AND scope = 'field'"
BEFORE, AFTER = "'access', 'correct'", "'access', 'correct', 'block', 'destroy'"
NEW = ("block", "destroy")
KINDS = (("data_request", "kind"), ("rights_pass", "used_for"))
"""Where a kind of request stands."""


def upgrade(engine_name: str) -> None:
    """Make the tables, and admit the new kinds."""
    if engine_name != "main":
        return
    _blocks()
    _tombstones()
    for table, column in KINDS:
        _admit(table, column, BEFORE, AFTER)


def downgrade(engine_name: str) -> None:
    """Drop the tables; requests of the new kinds go."""
    if engine_name != "main":
        return
    for table, column in KINDS:
        rows = sa.table(table, sa.column(column))
        op.execute(rows.delete().where(rows.c[column].in_(NEW)))
        _admit(table, column, AFTER, BEFORE)
    op.drop_table("tombstone")
    op.drop_table("data_block")


def _admit(table: str, column: str, before: str, after: str) -> None:
    """Change the values that a column may hold.

    SQLite would have to copy the table, and dropping the old one would take along what
    refers to it. So its text is edited, which is safe for a CHECK:
    https://www.sqlite.org/lang_altertable.html, section 7.
    """
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
        op.create_check_constraint(
            op.f(f"ck_{table}_{column}"), table, f"{column} IN ({after})"
        )
        return
    version = op.get_bind().exec_driver_sql("PRAGMA schema_version").scalar_one()
    op.execute("PRAGMA writable_schema = ON")
    op.execute(
        sa.text(
            "UPDATE sqlite_master SET sql = replace(sql, :before, :after) "
            "WHERE type = 'table' AND name = :table"
        ).bindparams(
            before=f"{column} IN ({before})", after=f"{column} IN ({after})", table=table
        )
    )
    op.execute(f"PRAGMA schema_version = {version + 1}")
    op.execute("PRAGMA writable_schema = OFF")


def _blocks() -> None:
    op.create_table(
        "data_block",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("email_key", sa.String(254), nullable=True),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("model", sa.String(120), nullable=True),
        sa.Column("row", sa.Integer, nullable=True),
        sa.Column("field", sa.String(120), nullable=True),
        sa.Column("by", sa.String(10), nullable=False),
        sa.Column("request", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("document", sa.String(120), nullable=False),
        sa.Column("from_at", MOMENT, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("lifted_at", MOMENT, nullable=True),
        sa.Column("lifted_by", sa.Integer, nullable=True),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.Column("passing", sa.Boolean, nullable=False),
        sa.CheckConstraint("scope IN ('all', 'field')", name="scope"),
        sa.CheckConstraint(
            "by IN ('person', 'agent', 'body', 'staff', 'system')", name="by"
        ),
    )
    for column in ("person", "email_key", "from_at", "lifted_at", "lifted_by"):
        op.create_index(op.f(f"ix_data_block_{column}"), "data_block", [column])
    _unique("person", ["person"], OPEN)
    _unique("email_key", ["email_key"], f"{OPEN} AND person IS NULL")
    _unique("field", ["model", "row", "field"], OPEN_FIELD)


def _unique(name: str, columns: list[str], where: str) -> None:
    op.create_index(
        f"uq_data_block_open_{name}",
        "data_block",
        columns,
        unique=True,
        sqlite_where=sa.text(where),
        postgresql_where=sa.text(where),
    )


def _tombstones() -> None:
    op.create_table(
        "tombstone",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("email_hash", sa.String(64), nullable=True),
        sa.Column("phone_hash", sa.String(64), nullable=True),
        sa.Column("scope", sa.String(10), nullable=False),
        sa.Column("request", sa.String(120), nullable=False),
        sa.CheckConstraint("scope IN ('all', 'marketing')", name="scope"),
    )
    for column in ("at", "person", "email_hash", "phone_hash"):
        op.create_index(op.f(f"ix_tombstone_{column}"), "tombstone", [column])
