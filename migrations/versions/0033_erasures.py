"""Erasures, their steps, files and what a law keeps; hand-overs may lose their words.

Revision: 0033
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
STATES = (
    "state IN ('asked', 'confirmed', 'undone', 'destroyed', 'incomplete', 'told', "
    "'waiting', 'done')"
)
OPEN = "state IN ('asked', 'confirmed')"
WORDS = "what was handed over never changes"
FIXED = (
    *("id", '"order"', "parcel", "seq", "recipient", "at", "actor_kind", "actor"),
    *("channel", "purpose", "edition", "digest"),
)
"""The columns of a hand-over that never change; its words and its person may go."""
STEPS = "the steps of an erasure never change"
TABLES = ("erasure_kept", "erasure_file", "erasure_step", "erasure")


def upgrade(engine_name: str) -> None:
    """Make the tables, and let the words of hand-overs go."""
    if engine_name != "main":
        return
    _erasures()
    _parts()
    for statement in (*_guard_steps(), *_guard_disclosures()):
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; hand-overs never change again."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)
    for statement in _guard_disclosures_wholly():
        op.execute(statement)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION erasure_step_immutable")


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _erasures() -> None:
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("person", sa.Integer),
        sa.Column("email_key", sa.String(254)),
        sa.Column("kept_secret", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("run_at", MOMENT, nullable=False),
        sa.Column("destroyed_at", MOMENT),
        sa.Column("tried_at", MOMENT),
        sa.Column("left", sa.Integer, nullable=False),
        sa.Column("ended_at", MOMENT),
        sa.Column("asked_by", sa.Integer),
        sa.Column("confirmed_by", sa.Integer),
        sa.CheckConstraint(STATES, name="state"),
        sa.ForeignKeyConstraint(["request"], ["data_request.id"], ondelete="CASCADE"),
        sa.UniqueConstraint("request"),
    )
    _indexes("erasure", "state", "person", "email_key", "run_at", "asked_by")
    _indexes("erasure", "confirmed_by")
    for column, whose in (("person", "IS NOT NULL"), ("email_key", "IS NULL")):
        where = sa.text(f"{OPEN} AND person {whose}")
        op.create_index(
            f"uq_erasure_{column}",
            "erasure",
            [column],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def _part(table: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        table,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("erasure", sa.Integer, nullable=False),
        *columns,
        sa.ForeignKeyConstraint(["erasure"], ["erasure.id"], ondelete="CASCADE"),
    )
    _indexes(table, "erasure")


def _parts() -> None:
    counts = (sa.Column(name, sa.Integer, nullable=False) for name in ("gone", "kept"))
    _part(
        "erasure_step",
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("store", sa.String(120), nullable=False),
        *counts,
        sa.Column("left", sa.Integer, nullable=False),
    )
    _part("erasure_file", sa.Column("path", sa.String(200), nullable=False))
    _part(
        "erasure_kept",
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("hold", sa.String(120), nullable=False),
    )


def _guard_steps() -> list[str]:
    kept = "EXISTS (SELECT 1 FROM erasure WHERE id = OLD.erasure)"
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER erasure_step_no_{act.lower()} BEFORE {act} ON erasure_step
            {when} BEGIN SELECT RAISE(ABORT, '{STEPS}'); END"""
            for act, when in (("UPDATE", ""), ("DELETE", f"WHEN {kept}"))
        ]
    return [
        f"""CREATE FUNCTION erasure_step_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF NOT {kept} THEN RETURN OLD; END IF;
            END IF;
            RAISE EXCEPTION '{STEPS}';
        END $$""",
        """CREATE TRIGGER erasure_step_no_change BEFORE UPDATE OR DELETE ON erasure_step
        FOR EACH ROW EXECUTE FUNCTION erasure_step_immutable()""",
    ]


def _guard_disclosures() -> list[str]:
    """Return the statements that let the words of a hand-over be blanked."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            "DROP TRIGGER disclosure_no_update",
            f"""CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure
            WHEN {_changed("IS NOT")}
            BEGIN SELECT RAISE(ABORT, '{WORDS}'); END""",
        ]
    return [
        "DROP TRIGGER disclosure_no_change ON disclosure",
        f"""CREATE TRIGGER disclosure_no_change BEFORE UPDATE ON disclosure
        FOR EACH ROW WHEN ({_changed("IS DISTINCT FROM")})
        EXECUTE FUNCTION disclosure_immutable()""",
        """CREATE TRIGGER disclosure_no_delete BEFORE DELETE ON disclosure
        FOR EACH ROW EXECUTE FUNCTION disclosure_immutable()""",
    ]


def _changed(differs: str) -> str:
    """Return the condition that more changes than that the words or the person go."""
    fixed = " OR ".join(f"NEW.{name} {differs} OLD.{name}" for name in FIXED)
    return (
        f"(NEW.reason <> '' AND NEW.reason {differs} OLD.reason) OR "
        f"(NEW.person IS NOT NULL AND NEW.person {differs} OLD.person) OR {fixed}"
    )


def _guard_disclosures_wholly() -> list[str]:
    if op.get_bind().dialect.name == "sqlite":
        return [
            "DROP TRIGGER disclosure_no_update",
            f"""CREATE TRIGGER disclosure_no_update BEFORE UPDATE ON disclosure
            BEGIN SELECT RAISE(ABORT, '{WORDS}'); END""",
        ]
    return [
        "DROP TRIGGER disclosure_no_delete ON disclosure",
        "DROP TRIGGER disclosure_no_change ON disclosure",
        """CREATE TRIGGER disclosure_no_change BEFORE UPDATE OR DELETE ON disclosure
        FOR EACH ROW EXECUTE FUNCTION disclosure_immutable()""",
    ]
