"""Who acted, found by an index: the page of one's own data asks every journal.

Revision: 0031
"""

from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

COLUMNS = (
    ("account_block", "by"),
    ("account_block", "lifted_by"),
    ("calendar_day", "staff"),
    ("contact_message", "staff"),
    ("contact_request", "staff"),
    ("data_request", "staff"),
    ("disclosure", "actor"),
    ("issue", "created_by"),
    ("order_event", "actor"),
    ("payment_entry", "staff"),
    ("processing_event", "actor"),
    ("recipient_notice", "told_by"),
    ("recipient_version", "staff"),
    ("request_event", "actor"),
    ("staff_grant", "ended_by"),
    ("staff_grant", "given_by"),
    ("stock_movement", "staff"),
)


def upgrade(engine_name: str) -> None:
    """Make an index for each column."""
    if engine_name != "main":
        return
    for table, column in COLUMNS:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade(engine_name: str) -> None:
    """Drop the indexes."""
    if engine_name != "main":
        return
    for table, column in reversed(COLUMNS):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
