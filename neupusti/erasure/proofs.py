"""Proofs about erasures: nobody has risen, and none is done with anything left."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import and_, or_, select

from neupusti.core.blocking.models import Reach, Tombstone
from neupusti.core.data import finding
from neupusti.core.keeping import Fate
from neupusti.core.proofs.proof import AnyProof, Check, Looking, Proof
from neupusti.core.registry import registry
from neupusti.erasure.models import Erasure, State

OLD = datetime(2026, 1, 1, tzinfo=UTC)
OVER = (State.TOLD.value, State.WAITING.value, State.DONE.value)


class Risen(NamedTuple):
    """How many rows of a table are about numbers that were destroyed."""

    table: str
    rows: int


def _risen(looking: Looking) -> Iterator[Risen]:
    gone = select(Tombstone.person).where(
        Tombstone.scope == Reach.ALL.value, Tombstone.person.is_not(None)
    )
    for holding in registry().holdings:
        table = holding.model.__table__
        if holding.fate is Fate.EVIDENCE:
            continue
        for column in finding.subjects(table):
            found = select(column).where(column.in_(gone)).limit(1)
            yield Risen(table.name, len(looking.main.execute(found).all()))


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("6.1.1", "6.1.3"),
        name="nobody-has-risen",
        says=_("No row is about anybody whose data were destroyed."),
        items=_risen,
        wrong=lambda one: one.rows > 0,
        forged=lambda: Risen("person", 1),
        right=lambda: Risen("person", 0),
    ),
    Proof(
        clauses=("6.1.3",),
        name="destroyed-wholly",
        says=_("No destruction is called done while anything is left."),
        rows=Erasure,
        wrong=lambda rows: and_(
            rows.c.state.in_(OVER),
            or_(rows.c.left > 0, rows.c.destroyed_at.is_(None), rows.c.kept_secret != ""),
        ),
        forged={
            "state": State.DONE.value,
            "left": 1,
            "destroyed_at": OLD,
            "kept_secret": "",
        },
        right={
            "state": State.DONE.value,
            "left": 0,
            "destroyed_at": OLD,
            "kept_secret": "",
        },
    ),
)
