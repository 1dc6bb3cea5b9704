"""Destroy rows past their retention period.

The rules come from the manifests of the features. On SQLite `secure_delete` overwrites
the rows, and the write-ahead log is truncated afterwards, so that no copy remains.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Delete,
    Table,
    and_,
    delete,
    func,
    or_,
    select,
    tuple_,
    update,
)
from sqlalchemy.orm import Session

from neupusti.core import clock, sweeping
from neupusti.core.data.classification import Purpose, personal_columns
from neupusti.core.data.database import db, truncate_wal, writing
from neupusti.core.keeping import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.core.sweeping import Keys, RefusedError
from neupusti.retention.models import RetentionRun


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep has done."""

    destroyed: Mapping[str, int]
    """Table -> number of rows."""
    complete: bool
    """Whether the write-ahead log holds no copy of them."""
    stopped: tuple[Retention, ...] = ()
    """The rules that may destroy nothing now (`core.sweeping.halts`)."""
    refused: tuple[RefusedError, ...] = ()
    """Of which rules rows stay, since the database refuses to delete them."""


def count_expired(rules: Iterable[Retention]) -> dict[str, int]:
    """Return table -> number of rows to destroy; change nothing.

    A row that goes by several rules, or along with another, is counted once.
    """
    going: dict[Table, list[ColumnElement[bool]]] = {}
    for rule in _own(rules):
        for model, conditions in (*_along(rule), (rule.model, sweeping.due(rule))):
            going.setdefault(model.__table__, []).append(and_(*conditions))
    return {
        table.name: db.session.scalar(
            select(func.count()).select_from(table).where(or_(*ways))
        )
        or 0
        for table, ways in going.items()
    }


def sweep(rules: Iterable[Retention]) -> Sweep:
    """Destroy what is due; return what was destroyed, and whether no copy is left.

    A RetentionRun is stored only if something was destroyed. The write-ahead log is
    truncated in any case: an earlier sweep, or a deletion elsewhere, may have left copies.
    Rows that the database refuses to delete stop no others (`core.sweeping.pieces`).
    """
    run = _Run()
    stopped, refused = [], []
    for rule in _own(rules):
        if sweeping.halts(rule):
            stopped.append(rule)
            continue
        try:
            run.destroy(rule)
        except RefusedError as error:
            refused.append(error)
    complete = truncate_wal()
    if complete:
        _complete_runs()
    return Sweep(run.counts, complete, tuple(stopped), tuple(refused))


class _Run:
    """One sweep, whose record grows with each transaction: a killed one is known, too."""

    def __init__(self) -> None:
        self.at = clock.now()
        self.counts: Counter[str] = Counter()
        self.number: int | None = None

    def destroy(self, rule: Retention) -> None:
        """Destroy what `rule` selects, and what goes along. Raise RefusedError."""
        done = sweeping.pieces(rule, sweeping.BATCH, partial(self._destroy, rule))
        # Only now: what the database refuses at last is not gone.
        for self.counts, self.number in done:
            pass

    def _destroy(
        self, rule: Retention, session: Session, rows: Keys
    ) -> tuple[Counter[str], int]:
        """Destroy `rows`; return the counts of the run with them, and its number."""
        keys, gone = rule.keys, Counter[str]()
        spared = sweeping.spared(rule.model.__table__, rule.destroys)
        mine = and_(tuple_(*keys).in_(rows), ~spared)
        for column in rule.along:
            numbers = select(keys[0]).where(mine)
            model = column.parent.class_
            gone[model.__table__.name] += _destroy(session, model, column.in_(numbers))
        gone[rule.model.__table__.name] += _destroy(session, rule.model, mine)
        counts = self.counts + gone
        return counts, self._record(session, counts)

    def _record(self, session: Session, gone: Counter[str]) -> int:
        words = json.dumps(gone, sort_keys=True)
        if self.number is None:
            row = RetentionRun(at=self.at, counts=words, complete=False)
            session.add(row)
            session.flush()
            return row.id
        mine = update(RetentionRun).filter_by(id=self.number)
        session.execute(mine.values(counts=words, complete=False))
        return self.number


def _complete_runs() -> None:
    """Mark every run so far as complete; write only where one is not."""
    incomplete = RetentionRun.complete.is_(False)
    found = db.session.scalar(select(RetentionRun.id).where(incomplete).limit(1))
    if found is not None:
        with writing() as session:
            session.execute(update(RetentionRun).where(incomplete).values(complete=True))


def last_run() -> datetime | None:
    """Return when a sweep last destroyed something."""
    return db.session.scalar(select(func.max(RetentionRun.at)))


def _own(rules: Iterable[Retention]) -> Iterator[Retention]:
    """Yield the rules that are swept here; one with a sweep of its own is its feature's."""
    return (rule for rule in rules if not rule.custom_sweep)


def _along(rule: Retention) -> Iterator[tuple[type[Any], list[ColumnElement[bool]]]]:
    """Yield what goes along with the rows of `rule`."""
    for column in rule.along:
        numbers = select(rule.keys[0]).where(*sweeping.due(rule))
        yield column.parent.class_, [column.in_(numbers)]


def _destroy(session: Session, model: type[Any], rows: ColumnElement[bool]) -> int:
    gone: Delete = delete(model).where(rows)
    count: int = session.execute(gone).rowcount  # type: ignore[attr-defined]
    table: Table = model.__table__
    if count and personal_columns(table):
        record = ProcessingRecord(
            operation=Operation.DESTRUCTION,
            what=f"{table.name}: {count}",
            why=Purpose.ACCOUNT,
            person=None,
        )
        journal.log_processing(session, record)
    return count
