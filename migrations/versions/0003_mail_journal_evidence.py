"""Letters, tokens, counters, the journals, proof of consents given in forms.

Revision: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ONLY_GROW = {
    "processing_event": ("id",),
    "staff_action": ("id",),
    "evidence_wording": ("sha256",),
    "consent_evidence": ("id", "ends"),
}
"""Each table that never changes, and what no two of its rows share."""
NO_UPDATE = ("security_event",)
"""Rows that never change but go with the person they are about."""
WORDS = "a journal never changes"


def upgrade(engine_name: str) -> None:
    """Make the tables and the triggers that guard them."""
    if engine_name != "main":
        return
    _letters()
    _tokens()
    _journals()
    _evidence()
    dialect = op.get_bind().dialect.name
    for statement in _sqlite() if dialect == "sqlite" else _postgresql():
        op.execute(statement)


def downgrade(engine_name: str) -> None:
    """Drop the tables; their triggers go with them."""
    if engine_name != "main":
        return
    for table in (
        "consent_evidence",
        "evidence_wording",
        "security_event",
        "staff_action",
        "processing_event",
        "throttle_count",
        "token",
        "letter",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION journal_immutable()")


def _letters() -> None:
    states = "'queued', 'handing', 'sent', 'kept', 'refused', 'unsure'"
    op.create_table(
        "letter",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(120), nullable=False, unique=True),
        sa.Column("kind", sa.String(60), nullable=False),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("recipient", sa.String(254), nullable=False, index=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("html", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.CheckConstraint(f"state IN ({states})", name="state"),
    )
    op.create_index("ix_letter_state_next_at", "letter", ["state", "next_at"])


def _tokens() -> None:
    op.create_table(
        "token",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.String(64), nullable=False, unique=True),
        sa.Column("purpose", sa.String(40), nullable=False),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("target", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("used_at", sa.DateTime(timezone=True)),
    )
    op.create_table(
        "throttle_count",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
        sa.Column("strikes", sa.Integer, nullable=False),
        sa.Column("shut_until", sa.DateTime(timezone=True)),
        sa.Column("touched_at", sa.DateTime(timezone=True), nullable=False, index=True),
    )


def _journals() -> None:
    op.create_table(
        "processing_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("operation", sa.String(20), nullable=False),
        sa.Column("actor_kind", sa.String(10), nullable=False),
        sa.Column("actor", sa.Integer),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("why", sa.String(10), nullable=False),
    )
    op.create_table(
        "staff_action",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("staff", sa.Integer, index=True),
        sa.Column("action", sa.String(60), nullable=False, index=True),
        sa.Column("operation", sa.String(20)),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("what", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("chain", sa.String(64), nullable=False),
    )
    op.create_table(
        "security_event",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False, index=True),
        sa.Column("person", sa.Integer, nullable=False, index=True),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("device", sa.String(120), nullable=False),
    )


def _evidence() -> None:
    op.create_table(
        "evidence_wording",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    wording = sa.ForeignKey("evidence_wording.sha256")
    op.create_table(
        "consent_evidence",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("email_hash", sa.String(64), nullable=False, index=True),
        sa.Column("form", sa.String(40), nullable=False),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("wording", sa.String(64), wording, nullable=False),
        sa.Column("edition", sa.Date, nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("method", sa.String(40), nullable=False),
        sa.Column("ends", sa.Integer, sa.ForeignKey("consent_evidence.id"), unique=True),
    )


def _sqlite() -> list[str]:
    # INSERT OR REPLACE deletes without a DELETE trigger: so an insert is watched too.
    def watched(table: str, act: str, keys: tuple[str, ...]) -> str:
        same = " OR ".join(f"{key} = NEW.{key}" for key in keys)
        when = f"WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"  # noqa: S608 - our names
        return f"""
            CREATE TRIGGER {table}_no_{act.lower()} BEFORE {act} ON {table}
            {when if act == "INSERT" else ""}
            BEGIN SELECT RAISE(ABORT, '{WORDS}'); END
            """

    return [
        *(
            watched(table, act, keys)
            for table, keys in ONLY_GROW.items()
            for act in ("UPDATE", "DELETE", "INSERT")
        ),
        *(watched(table, "UPDATE", ("id",)) for table in NO_UPDATE),
    ]


def _postgresql() -> list[str]:
    function = f"""
        CREATE FUNCTION journal_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE EXCEPTION '{WORDS}'; END $$
        """

    def watched(table: str, name: str, acts: str, level: str) -> str:
        return f"""
            CREATE TRIGGER {table}_no_{name} BEFORE {acts} ON {table}
            FOR EACH {level} EXECUTE FUNCTION journal_immutable()
            """

    return [
        function,
        *(watched(table, "change", "UPDATE OR DELETE", "ROW") for table in ONLY_GROW),
        *(watched(table, "truncate", "TRUNCATE", "STATEMENT") for table in ONLY_GROW),
        *(watched(table, "update", "UPDATE", "ROW") for table in NO_UPDATE),
    ]
