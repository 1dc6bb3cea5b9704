"""Proofs about hash chains: the newest rows are sound, and the kept head is still there."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.database import db
from neupusti.core.proofs.proof import Check, Looking
from neupusti.core.records.chain import BATCH, START, Chain
from neupusti.core.records.head import ForgedHeadError, HeadFile

NEWEST = 20_000
"""Rows of one run; the hourly job that moves the kept head on has checked those before."""
SECONDS = 10.0


class Link(NamedTuple):
    """A row of a chain, after the row whose chain value is given."""

    is_sound: Callable[[str, Any], bool]
    previous: str
    row: Any


class Passage(NamedTuple):
    """The kept head of a chain, and the chain value of its row now."""

    kept: str
    found: str | None


def sound_check(chain: Chain, sound: Callable[[Any], str], **declared: Any) -> Check[Link]:
    """Return the proof that the newest rows of `chain` are what was chained.

    `sound` returns the chain value that makes a bare row a sound first one.
    """

    def items(looking: Looking) -> Iterator[Link]:
        with Session(looking.main) as session:
            number, previous = chain.before_newest(session, NEWEST)
            rows = select(chain.model).where(chain.model.id > number)
            is_sound = chain.checker(session)
            ordered = rows.order_by(chain.model.id).execution_options(yield_per=BATCH)
            for row in session.scalars(ordered):
                yield Link(is_sound, previous, row)
                previous = row.chain

    def first(value: Callable[[Any], str]) -> Link:
        row = chain.model(id=0, at=clock.now())
        row.chain = value(row)
        return Link(chain.checker(db.session()), START, row)

    return Check(
        items=items,
        wrong=lambda link: not link.is_sound(link.previous, link.row),
        forged=lambda: first(lambda _row: START),
        right=lambda: first(sound),
        seconds=SECONDS,
        **declared,
    )


def head_check(head: HeadFile, model: type[Any], **declared: Any) -> Check[Passage]:
    """Return the proof that a chain still passes through its head of an hour ago."""

    def items(looking: Looking) -> Iterator[Passage]:
        try:
            kept = head.kept()
        except ForgedHeadError:
            yield Passage(START, None)
            return
        if kept is not None and kept.id:
            row = select(model.__table__.c.chain).where(model.__table__.c.id == kept.id)
            yield Passage(kept.chain, looking.main.scalar(row))

    return Check(
        items=items,
        wrong=lambda passage: passage.found != passage.kept,
        forged=lambda: Passage(START, None),
        right=lambda: Passage(START, START),
        **declared,
    )
