"""Destroy rows past their retention period.

The rules come from the manifests of the features. On SQLite `secure_delete` overwrites
the rows, and the write-ahead log is truncated afterwards, so that no copy remains.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Delete, Table, delete, func, select, update
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.classification import Purpose, personal_columns
from neupusti.core.data.database import db, truncate_wal, writing
from neupusti.core.keeping import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.retention.models import RetentionRun

Expired = tuple[type[Any], Sequence[ColumnElement[bool]]]
"""A table, and which of its rows are past their retention period."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """What one sweep has done."""

    destroyed: Mapping[str, int]
    """Table -> number of rows."""
    complete: bool
    """Whether the write-ahead log holds no copy of them."""


def count_expired(rules: Iterable[Retention]) -> dict[str, int]:
    """Return table -> number of expired rows; change nothing."""
    counts: Counter[str] = Counter()
    for model, expired in _expired(rules, clock.now()):
        count = select(func.count()).select_from(model).where(*expired)
        counts[model.__table__.name] += db.session.scalar(count) or 0
    return counts


def sweep(rules: Iterable[Retention]) -> Sweep:
    """Destroy expired rows; return what was destroyed, and whether no copy is left.

    A RetentionRun is stored only if something was destroyed. The write-ahead log is
    truncated in any case: an earlier sweep, or a deletion elsewhere, may have left copies.
    """
    now = clock.now()
    counts: Counter[str] = Counter()
    with writing() as session:
        for model, expired in _expired(rules, now):
            counts[model.__table__.name] += _destroy(session, model, expired)
        if any(counts.values()):
            gone = {table: count for table, count in counts.items() if count}
            words = json.dumps(gone, sort_keys=True)
            session.add(RetentionRun(at=now, counts=words, complete=False))
    complete = truncate_wal()
    if complete:
        _complete_runs()
    return Sweep(counts, complete)


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


def _expired(rules: Iterable[Retention], now: datetime) -> Iterator[Expired]:
    """Yield what the rules select, and before it what goes along with it.

    A rule with a sweep of its own is its feature's business. What is blocked stays: a
    block stops destruction, too (6.2.4).
    """
    for rule in rules:
        if rule.custom_sweep:
            continue
        expired = [rule.starts_at <= now - timedelta(days=rule.term)]
        expired += rule.selects(rule.model.__table__)
        expired.append(~covered(rule.model.__table__))
        for column in rule.along:
            numbers = select(rule.model.id).where(*expired)
            yield column.parent.class_, [column.in_(numbers)]
        yield rule.model, expired


def _destroy(
    session: Session, model: type[Any], expired: Sequence[ColumnElement[bool]]
) -> int:
    gone: Delete = delete(model).where(*expired)
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
