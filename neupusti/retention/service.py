"""Destroying what is past its term.

Rules come from the manifests, so a room that keeps data says for how long in the same
place. On SQLite `secure_delete` overwrites the rows, and the log of the writer is emptied
into the file afterwards: what is destroyed is not there any more.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Delete, Table, delete, func, select
from sqlalchemy.orm import Session

from neupusti.core import clock
from neupusti.core.data.classification import Purpose, personal_columns
from neupusti.core.data.database import db, writing
from neupusti.core.feature import Retention
from neupusti.core.records import journal
from neupusti.core.records.journal import Operation, ProcessingRecord
from neupusti.retention.models import RetentionRun


def due(rules: Iterable[Retention]) -> dict[str, int]:
    """Return how many rows of each table are past their term; nothing is changed."""
    now = clock.now()
    counts: dict[str, int] = {}
    for rule in _ours(rules):
        count = select(func.count()).select_from(rule.model).where(*_over(rule, now))
        _add(counts, rule, db.session.scalar(count) or 0)
    return counts


def sweep(rules: Iterable[Retention]) -> dict[str, int]:
    """Destroy the rows that are past their term; return how many went, by table.

    A sweep that destroys something leaves a row; one that does not leaves none.
    """
    now = clock.now()
    counts: dict[str, int] = {}
    with writing() as session:
        for rule in _ours(rules):
            _add(counts, rule, _destroyed(session, rule, now))
        if any(counts.values()):
            gone = {table: count for table, count in counts.items() if count}
            session.add(RetentionRun(at=now, counts=json.dumps(gone, sort_keys=True)))
    if any(counts.values()):
        _forget_log()
    return counts


def last() -> datetime | None:
    """Return when a sweep last destroyed something."""
    return db.session.scalar(select(func.max(RetentionRun.at)))


def _ours(rules: Iterable[Retention]) -> Iterable[Retention]:
    """Yield the rules whose rows no room destroys in a way of its own."""
    return (rule for rule in rules if not rule.custom_sweep)


def _destroyed(session: Session, rule: Retention, now: datetime) -> int:
    gone: Delete = delete(rule.model).where(*_over(rule, now))
    count: int = session.execute(gone).rowcount  # type: ignore[attr-defined]
    table: Table = rule.model.__table__
    if count and personal_columns(table):
        deed = ProcessingRecord(
            operation=Operation.DESTRUCTION,
            what=f"{table.name}: {count}",
            why=Purpose.ACCOUNT,
            person=None,
        )
        journal.log_processing(session, deed)
    return count


def _over(rule: Retention, now: datetime) -> tuple[ColumnElement[bool], ...]:
    past = (rule.starts_at <= now - timedelta(days=rule.term),)
    return (*past, rule.only()) if rule.only else past


def _add(counts: dict[str, int], rule: Retention, count: int) -> None:
    table: str = rule.model.__table__.name
    counts[table] = counts.get(table, 0) + count


def _forget_log() -> None:
    """Empty SQLite's write-ahead log: it still holds pages as they were before."""
    if db.engine.dialect.name == "sqlite":
        db.session.rollback()
        with db.engine.connect() as link:
            link.connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").close()
