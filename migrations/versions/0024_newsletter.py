"""The newsletter: subscribers, issues, deliveries, suppressed addresses, campaigns.

Revision: 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
TABLES = (
    *("campaign_orders", "suppression", "issue_delivery", "issue_text", "issue"),
    *("subscription", "subscriber"),
)


def upgrade(engine_name: str) -> None:
    """Make the tables."""
    if engine_name != "main":
        return
    _subscribers()
    _issues()
    _deliveries()
    op.create_table(
        "suppression",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
    )
    op.create_table(
        "campaign_orders",
        sa.Column("campaign", sa.String(120), primary_key=True),
        sa.Column("orders", sa.Integer, nullable=False),
        sa.Column("last_at", MOMENT, nullable=False, index=True),
    )


def downgrade(engine_name: str) -> None:
    """Drop them."""
    if engine_name != "main":
        return
    for table in TABLES:
        op.drop_table(table)


def _subscribers() -> None:
    op.create_table(
        "subscriber",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("email_key", sa.String(254), nullable=False, unique=True),
        sa.Column("language", sa.String(10), nullable=False),
        sa.Column("person", sa.Integer, index=True),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("advertising", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False, index=True),
        sa.Column("letter_at", MOMENT, nullable=False),
        sa.Column("letters", sa.Integer, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("ended_at", MOMENT, index=True),
        sa.Column("news_consent", sa.Integer, sa.ForeignKey("consent_evidence.id")),
        sa.Column("ad_consent", sa.Integer, sa.ForeignKey("consent_evidence.id")),
        sa.CheckConstraint("state IN ('pending', 'active', 'ended')", name="state"),
    )
    op.create_table(
        "subscription",
        _part_of("subscriber"),
        sa.Column("topic", sa.String(10), primary_key=True),
    )


def _issues() -> None:
    op.create_table(
        "issue",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic", sa.String(10), nullable=False),
        sa.Column("advertising", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(10), nullable=False, index=True),
        sa.Column("due_at", MOMENT),
        sa.Column("created_at", MOMENT, nullable=False, index=True),
        sa.Column("created_by", sa.Integer, nullable=False),
        sa.Column("started_at", MOMENT),
        sa.Column("done_at", MOMENT),
        *(
            sa.Column(name, sa.Integer, nullable=False)
            for name in ("sent", "refused", "unsure", "skipped")
        ),
        sa.CheckConstraint("state IN ('draft', 'sending', 'paused', 'done')", name="state"),
    )
    op.create_table(
        "issue_text",
        _part_of("issue"),
        sa.Column("language", sa.String(10), primary_key=True),
        sa.Column("subject", sa.String(120), nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )


def _deliveries() -> None:
    op.create_table(
        "issue_delivery",
        _part_of("issue"),
        _part_of("subscriber", index=True),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("why", sa.String(20), nullable=False),
        sa.Column("letter", sa.Integer, index=True),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("at", MOMENT, nullable=False, index=True),
        sa.Column("posted_at", MOMENT, index=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'posted', 'sent', 'refused', 'unsure', 'skipped')",
            name="state",
        ),
    )
    op.create_index(
        op.f("ix_issue_delivery_issue_state"), "issue_delivery", ["issue", "state"]
    )


def _part_of(table: str, *, index: bool = False) -> sa.Column[int]:
    owner = sa.ForeignKey(f"{table}.id", ondelete="CASCADE")
    return sa.Column(table, sa.Integer, owner, primary_key=True, index=index)
