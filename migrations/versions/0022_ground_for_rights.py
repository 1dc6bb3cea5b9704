"""The ground for rights: what is about a person can be found, told and destroyed.

An e-mail is found by its address, a sweep says whether it was complete, a job that it ran.

Revision: 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade(engine_name: str) -> None:
    """Change both databases."""
    if engine_name != "main":
        return
    _find_letters_by_address()
    _tell_incomplete_sweeps()
    op.create_table(
        "job_beat",
        sa.Column("name", sa.String(40), primary_key=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("milliseconds", sa.Integer, nullable=False),
        sa.Column("ok", sa.Boolean, nullable=False),
    )


def downgrade(engine_name: str) -> None:
    """Change them back."""
    if engine_name != "main":
        return
    op.drop_table("job_beat")
    with op.batch_alter_table("retention_run") as run:
        run.drop_column("complete")
    with op.batch_alter_table("letter") as letter:
        letter.drop_index("ix_letter_recipient_key")
        letter.drop_column("recipient_key")
        letter.create_index("ix_letter_recipient", ["recipient"])


def _find_letters_by_address() -> None:
    key = sa.Column("recipient_key", sa.String(254), nullable=False, server_default="")
    with op.batch_alter_table("letter") as letter:
        letter.add_column(key)
        letter.drop_index("ix_letter_recipient")
        letter.create_index("ix_letter_recipient_key", ["recipient_key"])
    # Addresses are stored in ASCII.
    op.execute("UPDATE letter SET recipient_key = lower(recipient)")
    # The key of a letter to a new address names the change, and that its person.
    op.execute(
        "UPDATE letter SET person = (SELECT person FROM email_change WHERE "
        "letter.key = 'accounts.email_confirm:' || email_change.id) "
        "WHERE kind = 'accounts.email_confirm' AND person IS NULL"
    )
    with op.batch_alter_table("letter") as letter:
        letter.alter_column("recipient_key", server_default=None)


def _tell_incomplete_sweeps() -> None:
    # Nobody knows of the earlier ones: the next sweep makes them complete.
    done = sa.Column("complete", sa.Boolean, nullable=False, server_default=sa.false())
    with op.batch_alter_table("retention_run") as run:
        run.add_column(done)
    with op.batch_alter_table("retention_run") as run:
        run.alter_column("complete", server_default=None)
