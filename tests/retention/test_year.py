"""400 days by the clock: each row goes within two hours of its term, or says why not.

Rows of the main database; those of the access log: `access/test_year.py`. Files:
archives `rights/test_export.py`, tables of goods `catalog/test_sheets.py`, backups
`backup/test_backups.py`; what else is a file goes with its row (`core/data/test_files.py`).
"""

import random
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Integer, Table, UniqueConstraint, select, text
from sqlalchemy.types import String

from neupusti.core.blocking import blocks
from neupusti.core.blocking.models import Cause, DataBlock, Result
from neupusti.core.data.database import AccessBase, db, writing
from neupusti.core.data.finding import Whose
from neupusti.core.keeping import Retention
from neupusti.core.records.holds import PlacedHold
from neupusti.core.registry import registry
from neupusti.core.term_proofs import GRACE
from neupusti.orders.service import masking
from neupusti.retention.models import RetentionRun
from neupusti.retention.service import hourly, placing
from tests.proofs.rows import row
from tests.times import NOON, Clock

DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
DAYS = 400
NOBODY, BLOCKED, HELD = 901, 902, 903
"""Whose rows are whose."""
BLOCK = NOON + 100 * DAY, NOON + 300 * DAY
HOLD = NOON + 50 * DAY, NOON + 350 * DAY
SETTLED = {"contact_request": "closed", "shop_order": "cancelled"}
"""The states in which nothing of their manifests holds a row."""
APART = {"kind", "state", "person", "recipient"}
"""What a unique row need not differ in."""


@dataclass(frozen=True)
class Row:
    """A row, and when it has to be gone."""

    rule: Retention
    key: tuple[Any, ...]
    gone: datetime

    @property
    def is_there(self) -> bool:
        """Whether it is there, with what identifies people."""
        found = select(*self.rule.keys).where(
            *(one == part for one, part in zip(self.rule.keys, self.key, strict=True))
        )
        if self.rule.masks is not None:
            found = found.where(self.rule.masks.is_not(None))
        return db.session.execute(found).first() is not None


def planted(size: int, code: str = "") -> list[Row]:
    """Store rows of each rule, or of one, past their terms within the 400 days."""
    chance = random.Random(17)  # noqa: S311 - no secret
    rows: list[Row] = []
    with closing(db.engine.connect()) as connection:
        _let_in(connection, everything=True)
        for rule in registry().retention:
            if rule.model.metadata is AccessBase.metadata or code not in {"", rule.code}:
                continue
            for _ in range(size):
                end = NOON + DAY + chance.random() * (DAYS - 2) * DAY
                person = (NOBODY, BLOCKED, HELD)[len(rows) % 3]
                rows.append(_stored(connection, rule, person, end, len(rows) + 1))
        connection.commit()
        _let_in(connection, everything=False)
        connection.commit()
    return rows


def _let_in(connection: Connection, *, everything: bool) -> None:
    """Let rows refer to what is not there, until they are stored."""
    if connection.dialect.name == "postgresql":
        role = "replica" if everything else "DEFAULT"
        connection.execute(text(f"SET session_replication_role = {role}"))
        return
    raw: Any = connection.connection.dbapi_connection
    raw.execute(f"PRAGMA foreign_keys = {'OFF' if everything else 'ON'}").close()


def _stored(
    connection: Connection, rule: Retention, person: int, end: datetime, n: int
) -> Row:
    table: Table = rule.model.__table__
    start: Any = rule.starts_at
    at = (end - timedelta(days=rule.term)).replace(microsecond=0)
    values: dict[str, Any] = {**_unique(table, n), **rule.example}
    if "person" in table.c:
        values["person"] = person
    values[start.key] = at.replace(tzinfo=None).isoformat(" ")
    if rule.masks is None and "phone" in table.c:
        values |= {"phone": None, "phone_end": None}
    values |= {"state": SETTLED[table.name]} if table.name in SETTLED else {}
    connection.execute(text(row(rule.model, **values)))
    key = tuple(values[column.key] for column in rule.keys)
    owned = person if "person" in table.c else NOBODY
    return Row(rule, key, _gone(owned, at + timedelta(days=rule.term)))


def _unique(table: Table, n: int) -> dict[str, Any]:
    """Return values for what no two rows may share."""
    several = [
        one.columns for one in table.constraints if isinstance(one, UniqueConstraint)
    ]
    several += [one.columns for one in table.indexes if one.unique]
    several.append(table.primary_key.columns)
    return {
        column.key: n
        if isinstance(column.type, Integer)
        else f"{n:040}"[-(column.type.length or 40) :]
        for columns in several
        for column in columns
        if column.key not in APART and isinstance(column.type, Integer | String)
    }


def _gone(person: int, end: datetime) -> datetime:
    """Return when a row has to go: at the end of its term, of the block, of the hold."""
    begun, over = {BLOCKED: BLOCK, HELD: HOLD}.get(person, (end, end))
    return over if begun <= end < over else end


def turn(now: datetime) -> None:
    """Block, lift, hold and release at their moments."""
    if now == BLOCK[0]:
        with writing() as session:
            blocks.open_block(session, Whose(person=BLOCKED), by=Cause.PERSON)
    if now == BLOCK[1]:
        with writing() as session:
            [block] = session.scalars(select(DataBlock).filter_by(lifted_at=None))
            blocks.lift(session, block, outcome=Result.UNFOUNDED)
    if now == HOLD[1]:
        codes = select(PlacedHold.code).filter_by(released_at=None, document="№ 12")
        code = db.session.scalars(codes).one()
        db.session.rollback()
        placing.release(code, None, "Дело закрыто")


def hold() -> None:
    """Place the hold: on somebody whose account is gone, as the file of decisions does."""
    given = {
        "code": "hold",
        "person": HELD,
        "law": "УПК",
        "document": "№ 12",
        "at": HOLD[0].replace(tzinfo=None).isoformat(" "),
        "review": "2027-05-01",
    }
    with writing() as session:
        session.execute(text(row(PlacedHold, **given)))


@pytest.mark.clause("5.1", "5.6")
@pytest.mark.slow
@pytest.mark.ordeal(1, 3)
def test_for_400_days_each_row_goes_in_time_or_is_kept_for_a_reason(
    app: Flask, at: Clock, size: int
) -> None:
    at(NOON)
    rows = planted(size)
    moments = {one.gone + offset for one in rows for offset in (-SECOND, GRACE)}
    for now in sorted({*moments, *BLOCK, *HOLD}):
        at(now)
        if now == HOLD[0]:
            hold()
        turn(now)
        hourly.run()
        masking.run()
        late = [one for one in rows if one.is_there and one.gone <= now]
        early = [one for one in rows if not one.is_there and one.gone > now]
        assert ([_named(one) for one in late], [_named(one) for one in early]) == ([], [])
        db.session.rollback()
        rows = [one for one in rows if one.gone > now]
    assert not rows
    assert all(db.session.scalars(select(RetentionRun.complete)))


def _named(one: Row) -> str:
    return f"{one.rule.code} {one.key} {one.gone}"
