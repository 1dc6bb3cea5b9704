"""Choices about cookies: records, wordings and declarations that only grow; counts.

Revision: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PROOF = {
    "consent_declarations": ("sha256",),
    "consent_wording": ("sha256",),
    "consent_record": ("id", "public_id"),
}
"""Each table of proof, and what no two of its rows share."""
WORDS = "a record of consent never changes"


def upgrade(engine_name: str) -> None:
    """Make the tables and the triggers that guard the proof."""
    if engine_name != "main":
        return
    op.create_table(
        "consent_declarations",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("canonical", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "consent_wording",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("surface", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        _reference("declarations", "consent_declarations"),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "consent_record",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("public_id", sa.String(16), nullable=False, unique=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("granted", sa.String(120), nullable=False),
        sa.Column("refused", sa.String(120), nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        _reference("wording", "consent_wording"),
        _reference("declarations", "consent_declarations"),
        sa.Column("edition", sa.String(10), nullable=False),
        sa.Column("replaces", sa.String(16)),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    _counts()
    dialect = op.get_bind().dialect.name
    for statement in _sqlite() if dialect == "sqlite" else _postgresql():
        op.execute(statement)


def _counts() -> None:
    op.create_table(
        "consent_count",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("category", sa.String(16), primary_key=True),
        sa.Column("outcome", sa.String(16), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
    )
    op.create_table(
        "consent_stray",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in ("consent_stray", "consent_count", *reversed(PROOF)):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION consent_immutable()")


def _reference(column: str, table: str) -> "sa.Column[str]":
    key = sa.ForeignKey(f"{table}.sha256")
    return sa.Column(column, sa.String(64), key, nullable=False)


def _sqlite() -> list[str]:
    # INSERT OR REPLACE deletes without a DELETE trigger: so an insert is watched too.
    def watched(table: str, act: str) -> str:
        same = " OR ".join(f"{key} = NEW.{key}" for key in PROOF[table])
        when = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our names
        return f"""
            CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
            {when if act == "INSERT" else ""}
            BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
            """

    return [
        watched(table, act) for table in PROOF for act in ("UPDATE", "DELETE", "INSERT")
    ]


def _postgresql() -> list[str]:
    function = f"""
        CREATE FUNCTION consent_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$
        """
    return [
        function,
        *(
            f"""
            CREATE TRIGGER {table}_no_{name} BEFORE {acts} ON {table}
            FOR EACH {level} EXECUTE FUNCTION consent_immutable()
            """
            for table in PROOF
            for name, acts, level in (
                ("change", "UPDATE OR DELETE", "ROW"),
                ("truncate", "TRUNCATE", "STATEMENT"),
            )
        ),
    ]
