"""Holds that members of staff place, and sweeps that stop and ask.

Revision: 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
WORDS = "a placed hold is released before it is deleted, and never changed"
FIXED = (
    *("id", "code", "person", "number", "law", "document", "reason", "silent"),
    *("at", "by", "needs_second", "until"),
)
"""What no update may change."""


def upgrade(engine_name: str) -> None:
    """Make the tables and their guards."""
    if engine_name != "main":
        return
    op.create_table(
        "placed_hold",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("code", sa.String(16), nullable=False),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("number", sa.String(20), nullable=True),
        sa.Column("law", sa.String(120), nullable=False),
        sa.Column("document", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("silent", sa.Boolean, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", sa.Integer, nullable=True),
        sa.Column("needs_second", sa.Boolean, nullable=False),
        sa.Column("second", sa.Integer, nullable=True),
        sa.Column("seconded_at", MOMENT, nullable=True),
        sa.Column("until", sa.Date, nullable=True),
        sa.Column("review", sa.Date, nullable=False),
        sa.Column("released_at", MOMENT, nullable=True),
        sa.Column("released_by", sa.Integer, nullable=True),
        sa.CheckConstraint("(person IS NULL) <> (number IS NULL)", name="one"),
        sa.UniqueConstraint("code"),
    )
    for column in ("person", "number", "by", "second", "released_by"):
        op.create_index(op.f(f"ix_placed_hold_{column}"), "placed_hold", [column])
    _stops()
    for statement in _guards():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    op.drop_table("sweep_stop")
    op.drop_table("placed_hold")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION placed_hold_kept")


def _stops() -> None:
    op.create_table(
        "sweep_stop",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("rule", sa.String(120), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("due", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("allowed_at", MOMENT, nullable=True),
        sa.Column("over_at", MOMENT, nullable=True),
    )
    where = sa.text("allowed_at IS NULL AND over_at IS NULL")
    op.create_index(
        "uq_sweep_stop_open",
        "sweep_stop",
        ["rule"],
        unique=True,
        sqlite_where=where,
        postgresql_where=where,
    )


def _guards() -> list[str]:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    differs = "IS NOT" if on_sqlite else "IS DISTINCT FROM"
    changed = " OR ".join(f'NEW."{one}" {differs} OLD."{one}"' for one in FIXED)
    changed += (
        f" OR (OLD.released_at IS NOT NULL AND NEW.released_at {differs} OLD.released_at)"
    )
    if on_sqlite:
        raised = f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        return [
            f"""CREATE TRIGGER placed_hold_no_update BEFORE UPDATE ON placed_hold
            WHEN {changed} {raised}""",
            f"""CREATE TRIGGER placed_hold_no_delete BEFORE DELETE ON placed_hold
            WHEN OLD.released_at IS NULL {raised}""",
        ]
    run = "EXECUTE FUNCTION placed_hold_kept()"
    return [
        f"""CREATE FUNCTION placed_hold_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$""",
        f"""CREATE TRIGGER placed_hold_no_update BEFORE UPDATE ON placed_hold
        FOR EACH ROW WHEN ({changed}) {run}""",
        f"""CREATE TRIGGER placed_hold_no_delete BEFORE DELETE ON placed_hold
        FOR EACH ROW WHEN (OLD.released_at IS NULL) {run}""",
        """CREATE TRIGGER placed_hold_no_truncate BEFORE TRUNCATE ON placed_hold
        EXECUTE FUNCTION placed_hold_kept()""",
    ]
