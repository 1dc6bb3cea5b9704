"""Requests to the shop and what was said in them.

Revision: 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
SUBJECTS = "subject IN ('goods', 'order', 'delivery', 'return', 'account', 'site', 'other')"
STATES = "state IN ('new', 'answered', 'closed')"
AUTHORS = "author IN ('person', 'staff', 'note')"


def upgrade(engine_name: str) -> None:
    """Make both tables."""
    if engine_name != "main":
        return
    op.create_table(
        "contact_request",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("submission", sa.String(64), nullable=False),
        sa.Column("person", sa.Integer, nullable=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False),
        sa.Column("given_name", sa.String(100), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("subject", sa.String(10), nullable=False),
        sa.Column("order_number", sa.String(20), nullable=False),
        sa.Column("diagnostics", sa.Text, nullable=False),
        sa.Column("consent", sa.Integer, nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        sa.CheckConstraint(SUBJECTS, name="subject"),
        sa.CheckConstraint(STATES, name="state"),
        sa.ForeignKeyConstraint(["consent"], ["consent_evidence.id"]),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("submission"),
    )
    for column in ("person", "email_key", "last_at"):
        op.create_index(op.f(f"ix_contact_request_{column}"), "contact_request", [column])
    _contact_message()


def downgrade(engine_name: str) -> None:
    """Drop both tables."""
    if engine_name == "main":
        op.drop_table("contact_message")
        op.drop_table("contact_request")


def _contact_message() -> None:
    op.create_table(
        "contact_message",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("request", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("author", sa.String(10), nullable=False),
        sa.Column("staff", sa.Integer, nullable=True),
        sa.Column("words", sa.Text, nullable=False),
        sa.CheckConstraint(AUTHORS, name="author"),
        sa.ForeignKeyConstraint(["request"], ["contact_request.id"], ondelete="CASCADE"),
    )
    op.create_index(op.f("ix_contact_message_request"), "contact_message", ["request"])
