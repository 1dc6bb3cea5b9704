"""What was decided of each contested value, and one request for each form of staff.

Revision: 0036
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

DECISION = "decision IN ('right', 'wrong', 'partly')"


def upgrade(engine_name: str) -> None:
    """Add the columns; what was decided before says so by the outcome of its request."""
    if engine_name != "main":
        return
    op.execute(
        "ALTER TABLE correction ADD COLUMN decision VARCHAR(10)"
        f" CONSTRAINT ck_correction_decision CHECK ({DECISION})"
    )
    op.execute(
        "UPDATE correction SET decision = CASE WHEN (SELECT outcome FROM data_request"
        " WHERE data_request.id = correction.request) = 'corrected'"
        " THEN 'right' ELSE 'wrong' END WHERE decided_at IS NOT NULL"
    )
    op.add_column("data_request", sa.Column("submission", sa.String(64), nullable=True))
    op.create_index(
        op.f("ix_data_request_submission"), "data_request", ["submission"], unique=True
    )


def downgrade(engine_name: str) -> None:
    """Drop the columns."""
    if engine_name != "main":
        return
    op.drop_index(op.f("ix_data_request_submission"), table_name="data_request")
    op.drop_column("data_request", "submission")
    op.drop_column("correction", "decision")
