"""Proofs about erasures: nobody has risen, and none is done with anything left."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import Column, and_, func, or_, select

from neupusti.core.blocking.models import HASH_USE, Reach, Tombstone
from neupusti.core.data import finding, keys
from neupusti.core.data.classification import classification
from neupusti.core.data.database import Utc
from neupusti.core.data.finding import EMAIL_CLAUSE
from neupusti.core.keeping import Fate
from neupusti.core.proofs.proof import EARLIER, AnyProof, Check, Looking, Proof
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.erasure.models import Erasure, ErasureKept, State

SECONDS = 10.0
"""Each address that is kept has to be hashed."""
OVER = (State.TOLD.value, State.WAITING.value, State.DONE.value)


class Risen(NamedTuple):
    """How many rows of a table are about somebody whose data were destroyed."""

    table: str
    rows: int


def _risen(looking: Looking) -> Iterator[Risen]:
    gone = select(Tombstone.person).where(
        Tombstone.scope == Reach.ALL.value, Tombstone.person.is_not(None)
    )
    guests = _guests(looking)
    for holding in registry().holdings:
        table = holding.model.__table__
        if holding.fate is Fate.EVIDENCE:
            continue
        for column in finding.subjects(table):
            found = select(column).where(column.in_(gone))
            found = found.limit(1)  # no mutation: whether there is any
            yield Risen(table.name, len(looking.main.execute(found).all()))
        for column in finding.contacts(table, EMAIL_CLAUSE) if guests else ():
            yield Risen(table.name, _risen_guests(looking, column, guests))


def _guests(looking: Looking) -> dict[str, datetime]:
    """Return the hash of each address that was destroyed -> the last time."""
    stones = select(Tombstone.email_hash, func.max(Tombstone.at)).where(
        Tombstone.scope == Reach.ALL.value, Tombstone.email_hash.is_not(None)
    )
    rows = looking.main.execute(stones.group_by(Tombstone.email_hash))
    return {digest: at for digest, at in rows if digest}


def _risen_guests(
    looking: Looking, column: Column[Any], guests: Mapping[str, datetime]
) -> int:
    """Count the destroyed addresses that older rows of no account hold.

    A row in which each moment is later is of somebody who came back. What a law keeps, and
    a row that holds but a hash or no moment, does not count.
    """
    table, mark = column.table, classification(column)
    if mark and mark.keyed_by:  # no mutation: the hash of a hash is nobody's, and slow
        return 0  # no mutation: the same
    moments = [c for c in table.columns if isinstance(c.type, Utc) and not c.nullable]
    [key] = table.primary_key.columns
    kept = select(ErasureKept.row).where(ErasureKept.model == table.name)
    nobodys = (one.is_(None) for one in finding.subjects(table))
    rows = select(column, *map(func.min, moments)).group_by(column)
    rows = rows.where(column != "", key.not_in(kept), *nobodys)
    return sum(
        min(times, default=guests[digest]) < guests[digest]
        for address, *times in looking.main.execute(rows)
        for digest in keys.keyed_all(HASH_USE, emails.key(address))
        if digest in guests
    )


ALL: tuple[AnyProof, ...] = (
    Check(
        clauses=("6.1.1", "6.1.3"),
        name="nobody-has-risen",
        says=_("No row is about anybody whose data were destroyed."),
        items=_risen,
        wrong=lambda one: one.rows > 0,
        forged=lambda: Risen("person", 1),  # no mutation: more are as bad
        right=lambda: Risen("person", 0),  # no mutation: fewer are as good
        seconds=SECONDS,
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
            "left": 1,  # no mutation: more are as bad
            "destroyed_at": EARLIER,
            "kept_secret": "",
        },
        right={
            "state": State.DONE.value,
            "left": 0,  # no mutation: fewer are as good
            "destroyed_at": EARLIER,
            "kept_secret": "",
        },
    ),
)
