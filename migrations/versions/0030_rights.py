"""Requests of people about their data, passes, exports, corrections.

Revision: 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
KINDS = "kind IN ('access', 'correct')"
CHANNELS = "channel IN ('site', 'letter', 'paper', 'phone')"
STEPS = "step IN ('received', 'taken', 'ready', 'failed', 'told', 'answered')"
USES = "used_for IN ('access', 'correct')"
STATES = "state IN ('waiting', 'running', 'ready', 'incomplete', 'failed', 'expired')"
OPEN_EXPORT = "kind = 'access' AND channel = 'site' AND closed_at IS NULL"
UNDECIDED = sa.text("decided_at IS NULL")
TABLES = (
    *("recipient_notice", "correction", "export", "rights_pass", "request_event"),
    "data_request",
)
"""Children before their parents."""
WORDS = "the steps of a request never change"
KEPT = "EXISTS (SELECT 1 FROM data_request WHERE id = OLD.request)"


def upgrade(engine_name: str) -> None:
    """Make the tables."""
    if engine_name != "main":
        return
    _requests()
    _events()
    _passes()
    _exports()
    _corrections()
    for statement in _guard():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION request_event_immutable")


def _indexes(table: str, *columns: str) -> None:
    for column in columns:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def _requests() -> None:
    op.create_table(
        "data_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("code_digest", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(10), nullable=False),
        sa.Column("channel", sa.String(10), nullable=False),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("email", sa.String(254), nullable=True),
        sa.Column("email_key", sa.String(254), nullable=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("agent", sa.String(200), nullable=False),
        sa.Column("assurance", sa.Integer, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("closed_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.String(10), nullable=True),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("edition", sa.Date, nullable=False),
        sa.CheckConstraint(KINDS, name="kind"),
        sa.CheckConstraint(CHANNELS, name="channel"),
        sa.UniqueConstraint("number"),
    )
    _indexes("data_request", "person", "email_key", "received_at", "closed_at")
    for column, whose in (("person", "IS NOT NULL"), ("email_key", "IS NULL")):
        where = sa.text(f"{OPEN_EXPORT} AND person {whose}")
        op.create_index(
            f"uq_data_request_export_{column}",
            "data_request",
            [column],
            unique=True,
            sqlite_where=where,
            postgresql_where=where,
        )


def _events() -> None:
    op.create_table(
        "request_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor", sa.Integer, nullable=True),
        sa.Column("step", sa.String(10), nullable=False),
        sa.CheckConstraint(STEPS, name="step"),
        _of_request(),
    )
    _indexes("request_event", "request")


def _passes() -> None:
    op.create_table(
        "rights_pass",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("used_for", sa.String(10), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.CheckConstraint(USES, name="used_for"),
        sa.UniqueConstraint("digest"),
    )
    _indexes("rights_pass", "person", "email_key", "ends_at")


def _exports() -> None:
    op.create_table(
        "export",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("name", sa.String(32), nullable=True),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("ready_at", MOMENT, nullable=True),
        sa.Column("expires_at", MOMENT, nullable=True),
        sa.CheckConstraint(STATES, name="state"),
        sa.UniqueConstraint("name"),
        _of_request(),
    )
    _indexes("export", "request", "state", "asked_at", "expires_at")


def _corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("model", sa.String(120), nullable=False),
        sa.Column("row", sa.Integer, nullable=False),
        sa.Column("field", sa.String(120), nullable=False),
        sa.Column("proposed", sa.Text, nullable=True),
        sa.Column("decided_at", MOMENT, nullable=True),
        _of_request(),
    )
    _indexes("correction", "request")
    op.create_index(
        "uq_correction_undecided",
        "correction",
        ["model", "row", "field"],
        unique=True,
        sqlite_where=UNDECIDED,
        postgresql_where=UNDECIDED,
    )
    op.create_table(
        "recipient_notice",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("disclosure", sa.Integer, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("told_by", sa.Integer, nullable=True),
        _of_request(),
        sa.ForeignKeyConstraint(["disclosure"], ["disclosure.id"], ondelete="CASCADE"),
    )
    _indexes("recipient_notice", "request", "disclosure", "told_at")


def _of_request() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["request"], ["data_request.id"], ondelete="CASCADE")


def _guard() -> list[str]:
    """Return the statements that refuse a change of a step, and its deletion alone."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            f"""CREATE TRIGGER request_event_no_{act.lower()} BEFORE {act} ON request_event
            {when} BEGIN SELECT RAISE(ABORT, '{WORDS}'); END"""
            for act, when in (("UPDATE", ""), ("DELETE", f"WHEN {KEPT}"))
        ]
    return [
        f"""
        CREATE FUNCTION request_event_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF NOT {KEPT} THEN RETURN OLD; END IF;
            END IF;
            RAISE EXCEPTION '{WORDS}';
        END $$
        """,
        """CREATE TRIGGER request_event_no_change BEFORE UPDATE OR DELETE ON request_event
        FOR EACH ROW EXECUTE FUNCTION request_event_immutable()""",
    ]
