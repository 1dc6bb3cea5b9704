"""${message}.

Revision: ${up_revision}
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade(engine_name: str) -> None:
    """Apply to the database that this revision is about."""


def downgrade(engine_name: str) -> None:
    """Take it back."""
