"""What a sweep may destroy now: past its term, neither held nor blocked (5.1, 6.2.4).

Every sweep asks here, that of retention and those of features alike: which rows are due,
and whether it has to stop, since the operator halted all of them, or since they are so
many that a wrong clock or a wrong setting is likelier than so many rows past their term.
"""

import logging
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Table, func, or_, select, tuple_, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking import blocks
from neupusti.core.blocking.conditions import covered
from neupusti.core.data import election
from neupusti.core.data.database import db, insert, writing
from neupusti.core.data.halting import is_halted
from neupusti.core.keeping import Retention
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.registry import registry

logger = logging.getLogger(__name__)
T = TypeVar("T")
SHARE, FEW = 0.2, 1000
"""A run destroys at most this share of a table, unless it has no more rows than that."""
SHORT = 7
"""Days. Of a shorter term more than the share is due after a pause of a day or two."""
ALLOWED = timedelta(days=30)
"""How long a rule needs no further permission."""
BATCH = 5000
"""Rows of one transaction, so that no writer waits for long."""
MOST_REFUSED = 100
"""Rows that may be refused before their rule waits for the next run."""
Keys = list[tuple[Any, ...]]
"""The primary keys of some rows."""


class RefusedError(RuntimeError):
    """Rows that are due cannot be destroyed; the cause is the first refusal."""

    def __init__(self, rule: Retention, rows: int) -> None:
        super().__init__(f"{rule.code}: {rows} refused")


def past(rule: Retention) -> list[ColumnElement[bool]]:
    """Return the conditions of the rows past the term of `rule`, whatever keeps them."""
    conditions = [rule.starts_at <= clock.now() - timedelta(days=rule.term)]
    conditions += rule.selects(rule.model.__table__)
    if rule.masks is not None:
        conditions.append(rule.masks.is_not(None))
    return conditions


def due(rule: Retention) -> list[ColumnElement[bool]]:
    """Return the conditions of the rows that are to be destroyed now."""
    return [*past(rule), ~spared(rule.model.__table__, rule.destroys)]


def spared(table: Table, columns: Collection[str] = ()) -> ColumnElement[bool]:
    """Return the condition of the rows of `table` that no sweep may destroy now.

    With `columns` only those of which a hold keeps one of these.
    """
    return or_(covered(table), registry().held(table, columns, at_term=True))


@contextmanager
def writing_beside_blocks() -> Iterator[Session]:
    """Open a write transaction that locks rows, and keeps a block from being opened."""
    election.step()
    with writing() as session:
        blocks.keep_out(session)
        yield session


def pieces(
    rule: Retention, most: int, destroy: Callable[[Session, Keys], T]
) -> Iterator[T]:
    """Destroy what is due, at most `most` rows a transaction; yield the result of each.

    Of a piece that the database refuses, or the disk that has its files, smaller ones are
    tried, down to the single rows that it refuses: these stay. Raise RefusedError for
    them once all others are gone, or after MOST_REFUSED of them. No database, or no lock,
    is an OperationalError, at once.
    """
    size, refused, first = most, Keys(), None
    while len(refused) < MOST_REFUSED:
        rows = Keys()
        try:
            with writing_beside_blocks() as session:
                rows += _chosen(session, rule, size, refused)
                if not rows:
                    break
                done = destroy(session, rows)
        except OperationalError:
            raise
        except (DBAPIError, OSError) as error:
            if len(rows) <= 1:
                first = first or error
                refused += rows
            if not rows:
                break
            size = max(len(rows) // 2, 1)
            continue
        yield done
        if len(rows) < size:
            break
        size = min(size * 2, most)
    if first is not None:
        fields = {"rule": rule.code, "rows": len(refused)}
        logger.error("refused", exc_info=first, extra={"fields": fields})
        raise RefusedError(rule, len(refused)) from first


def _chosen(session: Session, rule: Retention, size: int, refused: Keys) -> Keys:
    """Lock rows that are due, at most `size`, none of `refused`; return their keys."""
    conditions = due(rule)
    if refused:
        conditions.append(tuple_(*rule.keys).not_in(refused))
    query = select(*rule.keys).where(*conditions).limit(size)
    return [tuple(row) for row in session.execute(query.with_for_update())]


def halts(rule: Retention) -> bool:
    """Return whether `rule` may destroy nothing now; ask staff where that is why."""
    if is_halted():
        return True
    count, total = _share(rule)
    stops = count > SHARE * total and not _is_allowed(rule)
    open_ = select(SweepStop.id).filter_by(rule=rule.code, allowed_at=None, over_at=None)
    if stops != (db.session.scalar(open_) is not None):
        with writing() as session:
            _note(session, rule, stops=stops, count=count, total=total)
    return stops


def _share(rule: Retention) -> tuple[int, int]:
    """Return how many rows are due, of how many; (0, 0) where it is no matter."""
    if rule.term <= SHORT:
        return 0, 0
    several = select(*rule.keys).where(*due(rule)).limit(int(SHARE * FEW) + 1)
    if (db.session.scalar(select(func.count()).select_from(several.subquery())) or 0) <= (
        SHARE * FEW
    ):
        return 0, 0
    total = db.session.scalar(select(func.count()).select_from(rule.model)) or 0
    if total <= FEW:
        return 0, 0
    count = select(func.count()).select_from(rule.model).where(*due(rule))
    return db.session.scalar(count) or 0, total


def _is_allowed(rule: Retention) -> bool:
    since = clock.now() - ALLOWED
    found = select(SweepStop.id).where(
        SweepStop.rule == rule.code, SweepStop.allowed_at > since
    )
    return db.session.scalar(found.limit(1)) is not None


def _note(
    session: Session, rule: Retention, *, stops: bool, count: int, total: int
) -> None:
    """Open the stop of a rule, or close it."""
    if stops:
        row = {"rule": rule.code, "at": clock.now(), "due": count, "rows": total}
        session.execute(insert(session, SweepStop).values(**row).on_conflict_do_nothing())
        return
    former = update(SweepStop).filter_by(rule=rule.code, allowed_at=None, over_at=None)
    session.execute(former.values(over_at=clock.now()))
