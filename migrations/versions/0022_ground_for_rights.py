"""The ground for rights: what is about a person can be found, told and destroyed.

An e-mail is found by its address, a sweep says whether it was complete, a job that it ran.
The words of staff leave the journal for a table of their own, and the chain gets a key. The
chain values stay what they were, and with them every head that was noted down: a voucher
stands for the value of each row that is sound now (`core.records.sealed`). A row that is
not keeps its words, and stays broken.

Revision: 0022
"""

import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from alembic import op
from flask import current_app

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ACT = sa.table(
    "staff_action",
    sa.column("id"),
    sa.column("at", MOMENT),
    *map(sa.column, ("staff", "action", "operation", "person", "what", "reason")),
    *map(sa.column, ("sealed", "voucher", "chain")),
)
WORDS = sa.table(
    "act_words",
    sa.column("act"),
    sa.column("at", MOMENT),
    *map(sa.column, ("salt", "words")),
)
CHAIN_KEY = sa.table("chain_key", *map(sa.column, ("chain", "nonce", "made_with")))
BATCH = 500
EVENT = (
    *("id", "parcel", "seq", "what", "moved_from", "moved_to"),
    *("actor_kind", "actor", "at"),
)
"""What of an event never changes, besides its order."""
ORDER_WORDS = "what happened to an order never changes"


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
    for statement in _words_of_orders_may_go():
        op.execute(statement)
    _make_side_tables()
    with _unguarded():
        _move_words()


def downgrade(engine_name: str) -> None:
    """Change them back; older code calls the chain broken at the first act since then."""
    if engine_name != "main":
        return
    with _unguarded():
        words = sa.select(WORDS.c.words).where(WORDS.c.act == ACT.c.id)
        back = sa.update(ACT).where(words.exists())
        op.get_bind().execute(back.values(reason=words.scalar_subquery()))
    for statement in _words_of_orders_stay():
        op.execute(statement)
    op.drop_table("act_words")
    op.drop_table("chain_key")
    for column in ("sealed", "voucher"):
        # Not in a batch: on SQLite the triggers would go with the table it replaces.
        op.execute(f"ALTER TABLE staff_action DROP COLUMN {column}")
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


def _words_of_orders_may_go() -> list[str]:
    """Return the statements that let the words of an event be blanked, and blank old ones.

    Those of orders whose names and address are gone already go now.
    """
    columns = [*EVENT, '"order"']
    if op.get_bind().dialect.name == "sqlite":
        differ = " OR ".join(f"NEW.{name} IS NOT OLD.{name}" for name in columns)
        guard = [
            "DROP TRIGGER order_event_no_update",
            f"""CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event
            WHEN NEW.reason <> '' OR {differ}
            BEGIN SELECT RAISE(ABORT, '{ORDER_WORDS}'); END""",
        ]
    else:
        differ = " OR ".join(f"NEW.{n} IS DISTINCT FROM OLD.{n}" for n in columns)
        guard = [
            "DROP TRIGGER order_event_no_change ON order_event",
            f"""CREATE TRIGGER order_event_no_change BEFORE UPDATE ON order_event
            FOR EACH ROW WHEN (NEW.reason <> '' OR {differ})
            EXECUTE FUNCTION order_immutable()""",
            """CREATE TRIGGER order_event_no_delete BEFORE DELETE ON order_event
            FOR EACH ROW EXECUTE FUNCTION order_immutable()""",
        ]
    ended = "SELECT id FROM shop_order WHERE identity_ended_at IS NOT NULL"
    return [
        *guard,
        f"""UPDATE order_event SET reason = ''
        WHERE reason <> '' AND "order" IN ({ended})""",  # noqa: S608 - our own
        f"""UPDATE goods_return SET words = '' WHERE "order" IN ({ended})""",  # noqa: S608 - our own
    ]


def _words_of_orders_stay() -> list[str]:
    """Return the statements of the version before: an event never changes at all."""
    if op.get_bind().dialect.name == "sqlite":
        return [
            "DROP TRIGGER order_event_no_update",
            f"""CREATE TRIGGER order_event_no_update BEFORE UPDATE ON order_event
            BEGIN SELECT RAISE(ABORT, '{ORDER_WORDS}'); END""",
        ]
    return [
        "DROP TRIGGER order_event_no_delete ON order_event",
        "DROP TRIGGER order_event_no_change ON order_event",
        """CREATE TRIGGER order_event_no_change BEFORE UPDATE OR DELETE ON order_event
        FOR EACH ROW EXECUTE FUNCTION order_immutable()""",
    ]


def _make_side_tables() -> None:
    for column in ("sealed", "voucher"):
        op.add_column("staff_action", sa.Column(column, sa.String(64)))
    act = sa.ForeignKey("staff_action.id")
    op.create_table(
        "act_words",
        sa.Column("act", sa.Integer, act, primary_key=True, autoincrement=False),
        sa.Column("at", MOMENT, nullable=False, index=True),
        sa.Column("salt", sa.String(64), nullable=False),
        sa.Column("words", sa.Text, nullable=False),
    )
    op.create_table(
        "chain_key",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("chain", sa.String(120), nullable=False),
        sa.Column("nonce", sa.String(64), nullable=False),
        sa.Column("made_with", sa.String(16), nullable=False),
        sa.Column("mask", sa.String(64)),
    )
    what = (
        "BEGIN SELECT RAISE(ABORT, 'a journal never changes'); END"
        if op.get_bind().dialect.name == "sqlite"
        else "FOR EACH ROW EXECUTE FUNCTION journal_immutable()"
    )
    op.execute(f"CREATE TRIGGER act_words_no_update BEFORE UPDATE ON act_words {what}")


@contextmanager
def _unguarded() -> Iterator[None]:
    """Let the rows of the journal be changed meanwhile."""
    link = op.get_bind()
    if link.dialect.name == "sqlite":
        name = "staff_action_no_update"
        query = sa.text("SELECT sql FROM sqlite_master WHERE name = :name")
        trigger = link.execute(query, {"name": name}).scalar_one()
        op.execute(f"DROP TRIGGER {name}")
        yield
        op.execute(trigger)
    else:
        name = "staff_action_no_change"
        op.execute(f"ALTER TABLE staff_action DISABLE TRIGGER {name}")
        yield
        op.execute(f"ALTER TABLE staff_action ENABLE TRIGGER {name}")


def _move_words() -> None:
    """Commit each sound row to its words, move them, and vouch for its chain value."""
    link, previous, key = op.get_bind(), "0" * 64, None
    for row in _rows():
        former = _text(row, reason=row.reason)
        if row.chain == sha256(f"{previous}\n{former}".encode()).hexdigest():
            key = key or _new_key()
            sealed = ""
            if row.reason:
                salt = secrets.token_hex(32)
                sealed = sha256(f"{salt}\n{row.reason}".encode()).hexdigest()
                words = {"act": row.id, "at": row.at, "salt": salt, "words": row.reason}
                link.execute(sa.insert(WORDS).values(words))
            text = f"{previous}\n{_text(row, sealed=sealed)}\n{row.chain}"
            voucher = hmac.new(key, text.encode(), sha256).hexdigest()
            values = {"reason": "", "sealed": sealed, "voucher": voucher}
            link.execute(sa.update(ACT).where(ACT.c.id == row.id).values(values))
        previous = row.chain


def _rows() -> Iterator[sa.Row[Any]]:
    """Yield every act in its order; what a batch changes, no later one reads."""
    last = 0
    query = sa.select(ACT).order_by(ACT.c.id).limit(BATCH)
    while rows := op.get_bind().execute(query.where(ACT.c.id > last)).all():
        yield from rows
        last = rows[-1].id


def _text(row: sa.Row[Any], **last: str) -> str:
    """Return the chained text of an act, with its words or with the commitment to them."""
    at = row.at.astimezone(UTC) if row.at.tzinfo else row.at.replace(tzinfo=UTC)
    names = ("staff", "action", "operation", "person", "what")
    fields = {"at": at.isoformat(), **{name: getattr(row, name) for name in names}, **last}
    return json.dumps(fields, ensure_ascii=False, sort_keys=True)


def _new_key() -> bytes:
    """Store a key of the chain, and return it (`core.data.keys`, in the form of today)."""
    root, nonce = str(current_app.config["SECRET_KEY"]).encode(), secrets.token_hex(32)
    name = hmac.digest(root, b"neupusti name of the secret 1", "sha256").hex()[:16]
    values = {"chain": "staff_action", "nonce": nonce, "made_with": name}
    op.get_bind().execute(sa.insert(CHAIN_KEY).values(values))
    chain = hmac.digest(root, b"neupusti chain 1", "sha256")
    return hmac.digest(chain, nonce.encode(), "sha256")
