"""A way back after a takeover; the cookie of a browser its owner has used before.

Revision: 0018
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def _owner() -> sa.Column[int]:
    owner = sa.ForeignKey("person.id", ondelete="CASCADE")
    return sa.Column("person", sa.Integer, owner, nullable=False, index=True)


def upgrade(engine_name: str) -> None:
    """Make the tables, and give tokens the moment from which on they undo."""
    if engine_name != "main":
        return
    op.add_column("token", sa.Column("since", MOMENT))
    # Links in e-mails that were sent already go on working.
    op.execute("UPDATE token SET since = created_at WHERE purpose = 'not me'")
    op.execute(
        "UPDATE token SET since = (SELECT asked_at FROM email_change "
        "WHERE email_change.id = token.target), person = (SELECT person FROM email_change "
        "WHERE email_change.id = token.target) WHERE purpose = 'undo e-mail'"
    )
    op.create_table(
        "former_second_factor",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("made_with", sa.String(16)),
        sa.Column("mask", sa.String(64)),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("confirmed_at", MOMENT),
        sa.Column("last_step", sa.Integer, nullable=False),
        sa.Column("removed_at", MOMENT, nullable=False, index=True),
    )
    op.create_table(
        "device_cookie",
        sa.Column("id", sa.Integer, primary_key=True),
        _owner(),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("used_at", MOMENT, nullable=False, index=True),
        sa.UniqueConstraint("person", "digest"),
    )


def downgrade(engine_name: str) -> None:
    """Drop both tables and the column."""
    if engine_name != "main":
        return
    op.drop_table("device_cookie")
    op.drop_table("former_second_factor")
    with op.batch_alter_table("token") as token:
        token.drop_column("since")
