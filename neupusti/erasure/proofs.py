"""Proofs about erasures: nobody has risen, and none is done with anything left."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from flask_babel import lazy_gettext as _
from sqlalchemy import Column, and_, func, or_, select

from neupusti.core.blocking.models import HASH_USE, Reach, Tombstone
from neupusti.core.data import finding, keys
from neupusti.core.data.classification import classification
from neupusti.core.data.database import Utc
from neupusti.core.data.finding import EMAIL_CLAUSE
from neupusti.core.keeping import Fate
from neupusti.core.proofs.proof import AnyProof, Check, Looking, Proof
from neupusti.core.registry import registry
from neupusti.core.text import emails
from neupusti.erasure.models import Erasure, ErasureKept, State

SECONDS = 10.0
"""Each address that is kept has to be hashed."""
OLD = datetime(2026, 1, 1, tzinfo=UTC)
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
            found = select(column).where(column.in_(gone)).limit(1)
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
    moments = [c for c in table.columns if isinstance(c.type, Utc) and not c.nullable]
    if mark is None or mark.keyed_by or not moments:
        return 0
    [key] = table.primary_key.columns
    kept = select(ErasureKept.row).where(ErasureKept.model == table.name)
    nobodys = (one.is_(None) for one in finding.subjects(table))
    rows = select(column, *map(func.min, moments)).group_by(column)
    rows = rows.where(column != "", key.not_in(kept), *nobodys)
    return sum(
        min(times) < guests[digest]
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
        forged=lambda: Risen("person", 1),
        right=lambda: Risen("person", 0),
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
