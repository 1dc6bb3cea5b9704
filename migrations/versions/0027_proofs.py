"""The runs of the proofs on the live data, and their results.

Revision: 0027
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = "state IN ('holds', 'broken', 'blind', 'unfinished', 'nothing')"
WORDS = "what was found never changes"
KEPT = {"proof_run": ("UPDATE", "DELETE"), "proof_result": ("UPDATE",)}
"""Table -> what is refused: results are destroyed after their term."""


def upgrade(engine_name: str) -> None:
    """Make both tables and their guards."""
    if engine_name != "main":
        return
    _runs()
    _results()
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in ("proof_result", "proof_run"):
        op.drop_table(table)
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"DROP FUNCTION {table}_immutable()")


def _runs() -> None:
    op.create_table(
        "proof_run",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("whole", sa.Boolean, nullable=False),
        sa.Column("edition", sa.Date, nullable=True),
        sa.Column("edition_sha256", sa.String(64), nullable=True),
        sa.Column("revision", sa.String(64), nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in (
                *("milliseconds", "holds", "broken", "blind"),
                *("unfinished", "empty"),
            )
        ),
        sa.Column("results_sha256", sa.String(64), nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    op.create_index(op.f("ix_proof_run_at"), "proof_run", ["at"])


def _results() -> None:
    op.create_table(
        "proof_result",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("looked", "wrong", "milliseconds")
        ),
        sa.Column("caught", sa.Boolean, nullable=False),
        sa.Column("passed", sa.Boolean, nullable=False),
        sa.Column("error", sa.String(120), nullable=False),
        sa.CheckConstraint(STATES, name="state"),
        sa.ForeignKeyConstraint(["run"], ["proof_run.id"]),
    )
    for columns in (["run"], ["at"], ["name", "id"]):
        name = op.f(f"ix_proof_result_{'_'.join(columns)}")
        op.create_index(name, "proof_result", columns)


def _guard() -> list[str]:
    """Return the statements that refuse what may not be done to a row."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
            BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
            for table, acts in KEPT.items()
            for act in acts
        ]
    return [
        statement
        for table, acts in KEPT.items()
        for statement in (
            f"""CREATE FUNCTION {table}_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN RAISE EXCEPTION '{WORDS}'; END $$""",
            f"""CREATE TRIGGER {table}_no_change BEFORE {" OR ".join(acts)} ON {table}
            FOR EACH ROW EXECUTE FUNCTION {table}_immutable()""",
        )
    ]
