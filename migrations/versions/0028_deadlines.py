"""Days off that staff know of, and what is promised by when.

Revision: 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
PROMISE = ("kind", "subject", "code", "version", "received_at", "start", "promised")
"""What of a deadline never changes."""
WORDS = "a deadline never moves to a later day"


def upgrade(engine_name: str) -> None:
    """Make both tables and the guards of promises."""
    if engine_name != "main":
        return
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date, primary_key=True),
        sa.Column("working", sa.Boolean, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("confirmed", sa.Boolean, nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
    )
    op.create_table(
        "deadline",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("code", sa.String(20), nullable=False),
        sa.Column("version", sa.String(120), nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("start", sa.Date, nullable=False),
        sa.Column("due", sa.Date, nullable=False),
        sa.Column("promised", sa.Date, nullable=False),
        sa.Column("target_at", MOMENT, nullable=False),
        sa.Column("calendar", sa.String(64), nullable=False),
        sa.Column("remind_at", MOMENT, nullable=False),
        sa.Column("met_at", MOMENT, nullable=True),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.CheckConstraint("due <= promised", name="promised"),
        sa.UniqueConstraint("kind", "subject"),
    )
    op.create_index("ix_deadline_met_at_remind_at", "deadline", ["met_at", "remind_at"])
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop both tables; their triggers go with them."""
    if engine_name != "main":
        return
    op.drop_table("deadline")
    op.drop_table("calendar_day")
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION deadline_promised()")


def _guard() -> list[str]:
    """Return the triggers: a promise stands, `due` moves earlier, it is met once.

    An open one cannot be deleted either: a second one would be a later promise.
    """
    if op.get_bind().dialect.name == "sqlite":
        raised = f"BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"
        return [
            f"""CREATE TRIGGER deadline_no_update BEFORE UPDATE ON deadline
            WHEN {_later("IS NOT")} {raised}""",
            f"""CREATE TRIGGER deadline_no_delete BEFORE DELETE ON deadline
            WHEN OLD.met_at IS NULL {raised}""",
        ]
    return [
        f"""CREATE FUNCTION deadline_promised() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$""",
        f"""CREATE TRIGGER deadline_no_update BEFORE UPDATE ON deadline
        FOR EACH ROW WHEN ({_later("IS DISTINCT FROM")})
        EXECUTE FUNCTION deadline_promised()""",
        """CREATE TRIGGER deadline_no_delete BEFORE DELETE ON deadline
        FOR EACH ROW WHEN (OLD.met_at IS NULL) EXECUTE FUNCTION deadline_promised()""",
    ]


def _later(differs: str) -> str:
    """Return the condition of an update that breaks a promise."""
    changed = [f"NEW.{name} {differs} OLD.{name}" for name in (*PROMISE, "id")]
    return " OR ".join(
        (
            *changed,
            "NEW.due > OLD.due",
            f"(OLD.met_at IS NOT NULL AND NEW.met_at {differs} OLD.met_at)",
            "(OLD.late AND NOT NEW.late)",
        )
    )
