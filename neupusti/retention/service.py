"""Destroy rows past their retention period.

The rules come from the manifests of the features. On SQLite `secure_delete` overwrites
the rows, and the write-ahead log is truncated afterwards, so that no copy remains.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, Table, delete, func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.classification import Purpose, personal_columns
from neupusti.core.data.database import db, truncate_wal, writing
from neupusti.core.feature import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.retention.models import RetentionRun


def count_expired(rules: Iterable[Retention]) -> dict[str, int]:
    """Return table -> number of expired rows; change nothing."""
    now = clock.now()
    counts: dict[str, int] = {}
    for rule in _generic_rules(rules):
        count = select(func.count()).select_from(rule.model).where(*_expired(rule, now))
        _add(counts, rule, db.session.scalar(count) or 0)
    return counts


def sweep(rules: Iterable[Retention]) -> dict[str, int]:
    """Destroy expired rows; return table -> number of rows destroyed.

    A RetentionRun is stored only if something was destroyed.
    """
    now = clock.now()
    counts: dict[str, int] = {}
    with writing() as session:
        for rule in _generic_rules(rules):
            _add(counts, rule, _destroy(session, rule, now))
        if any(counts.values()):
            gone = {table: count for table, count in counts.items() if count}
            session.add(RetentionRun(at=now, counts=json.dumps(gone, sort_keys=True)))
    if any(counts.values()):
        truncate_wal()
    return counts


def last_run() -> datetime | None:
    """Return when a sweep last destroyed something."""
    return db.session.scalar(select(func.max(RetentionRun.at)))


def _generic_rules(rules: Iterable[Retention]) -> Iterable[Retention]:
    """Yield the rules without a custom sweep of their feature."""
    return (rule for rule in rules if not rule.custom_sweep)


def _destroy(session: Session, rule: Retention, now: datetime) -> int:
    gone: Delete = delete(rule.model).where(*_expired(rule, now))
    count: int = session.execute(gone).rowcount  # type: ignore[attr-defined]
    table: Table = rule.model.__table__
    if count and personal_columns(table):
        record = ProcessingRecord(
            operation=Operation.DESTRUCTION,
            what=f"{table.name}: {count}",
            why=Purpose.ACCOUNT,
            person=None,
        )
        journal.log_processing(session, record)
    return count


def _expired(rule: Retention, now: datetime) -> tuple[ColumnElement[bool], ...]:
    past = (rule.starts_at <= now - timedelta(days=rule.term),)
    return (*past, rule.only()) if rule.only else past


def _add(counts: dict[str, int], rule: Retention, count: int) -> None:
    table: str = rule.model.__table__.name
    counts[table] = counts.get(table, 0) + count
