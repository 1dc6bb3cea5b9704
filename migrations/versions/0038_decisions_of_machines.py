"""Whose file of decisions each line is in: every machine has its own.

Revision: 0038
"""

import sqlalchemy as sa
from alembic import op

from neupusti.core.data import machine

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None
STOPS_COPIES = "copies of the version before know a decision by its number alone"
KEY = "pk_decision_head"


def upgrade(engine_name: str) -> None:
    """Add the column; what there is belongs to this machine, the only one so far."""
    if engine_name != "main":
        return
    column = sa.Column("machine", sa.String(16), nullable=False, server_default="")
    with op.batch_alter_table("decision_head") as head:
        head.add_column(column)
        head.drop_constraint(KEY, type_="primary")
        head.create_primary_key(KEY, ["machine", "n"])
    rows = sa.table("decision_head", sa.column("machine"))
    op.execute(rows.update().values(machine=machine.name()))


def downgrade(engine_name: str) -> None:
    """Drop the column. Fails where several machines have decided."""
    if engine_name != "main":
        return
    with op.batch_alter_table("decision_head") as head:
        head.drop_constraint(KEY, type_="primary")
        head.create_primary_key(KEY, ["n"])
        head.drop_column("machine")
