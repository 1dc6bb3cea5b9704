"""The proof that follows from a retention rule: nothing is kept past its term (5.1)."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Date, FromClause, Table, and_, select

from neupusti.core import clock, holding
from neupusti.core.blocking.conditions import covered, is_covered
from neupusti.core.keeping import Hold, Retention
from neupusti.core.proofs.proof import Proof

GRACE = timedelta(hours=2)
"""The sweeps run hourly; one that is this late has failed."""


def proof_of(rule: Retention, holds: Sequence[Hold] = ()) -> Proof:
    """Return the proof that no row of `rule` is kept past its term and `GRACE`.

    What one of `holds`, those on its table, keeps is kept rightly.
    """
    column: Any = rule.starts_at
    start, masks = column.key, rule.masks.key if rule.masks else ""

    def wrong(rows: FromClause) -> ColumnElement[bool]:
        conditions = rule.selects(rows)
        if masks:
            conditions.append(rows.c[masks].is_not(None))
        conditions.append(~holding.keeps(rows, holds, rule.destroys))
        return and_(rows.c[start] < _cutoff(rule, GRACE), *conditions)

    def begun(ago: timedelta) -> dict[str, Any]:
        own = {**rule.example, **({masks: "?"} if masks else {})}
        return {**own, start: lambda: _cutoff(rule, ago)}

    return Proof(
        clauses=("5.1", "5.6"),
        name=f"past-term-{rule.code}",
        says=_("Nothing is kept past its term: %(what)s", what=rule.label),
        rows=_rows(rule),
        wrong=wrong,
        forged=begun(GRACE + timedelta(days=1)),
        right=begun(GRACE - timedelta(hours=1)),
    )


def _rows(rule: Retention) -> type[Any] | FromClause:
    """Return the rows that have a term: what is blocked is not destroyed (6.2.4)."""
    table: Table = rule.model.__table__
    if not is_covered(table):
        return rule.model
    return select(table).where(~covered(table)).subquery(table.name)


def _cutoff(rule: Retention, ago: timedelta) -> datetime | date:
    """Return from when on rows were within their term so long `ago`."""
    at = clock.now() - ago - timedelta(days=rule.term)
    day = at.astimezone(clock.ALMATY).date()
    column: Any = rule.starts_at
    if isinstance(column.type, Date):
        return day
    return clock.midnight(day) if rule.whole_days else at
