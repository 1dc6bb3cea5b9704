"""Which emails of the outbox leave, and in which order."""

from typing import Any, cast

from sqlalchemy import Select, Table, bindparam, or_, select

from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.database import Utc
from neupusti.core.mail.models import OutboxEmail, OutboxState
from neupusti.core.mail.outbox import while_blocked

# Of the table, not of the class: the rows of no session change along.
TABLE = cast("Table", OutboxEmail.__table__)
MAY_LEAVE = or_(
    ~covered(TABLE), TABLE.c.kind.in_(bindparam("while_blocked", expanding=True))
)
"""Who is blocked only gets what they need to use their rights (6.2.4)."""
BATCH = 50
"""Emails over one connection."""


def _due(columns: Select[Any], most: int) -> Select[Any]:
    """Return a select of emails due at `now`, in the order in which they leave."""
    return (
        columns.where(
            OutboxEmail.state == OutboxState.QUEUED.value,
            OutboxEmail.next_at <= bindparam("now", type_=Utc),
            MAY_LEAVE,
        )
        .order_by(OutboxEmail.priority, OutboxEmail.next_at, OutboxEmail.id)
        .limit(most)
    )


NEXT = _due(select(OutboxEmail), 1).with_for_update(skip_locked=True)
"""On PostgreSQL not one that a sender of another machine is claiming at this moment."""
DUE = _due(select(OutboxEmail.id), BATCH)


def parameters() -> dict[str, object]:
    """Return the parameters of NEXT and DUE."""
    return {"now": clock.now(), "while_blocked": while_blocked()}
