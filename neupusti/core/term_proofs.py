"""The proof that follows from a retention rule: nothing is kept past its term (5.1)."""

from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Date, FromClause, and_

from neupusti.core import clock
from neupusti.core.keeping import Retention
from neupusti.core.proofs.proof import Proof

GRACE = timedelta(hours=2)
"""The sweeps run hourly; one that is this late has failed."""
DAY = timedelta(days=1)  # no mutation: longer is as wrong, and terms are of whole days


def proof_of(rule: Retention) -> Proof:
    """Return the proof that no row of `rule` is kept past its term and `GRACE`."""
    column: Any = rule.starts_at
    start, masks = column.key, rule.masks.key if rule.masks else ""

    def wrong(rows: FromClause) -> ColumnElement[bool]:
        conditions = rule.selects(rows)
        if masks:
            conditions.append(rows.c[masks].is_not(None))
        return and_(rows.c[start] < _cutoff(rule, GRACE), *conditions)

    def begun(ago: timedelta) -> dict[str, Any]:
        own = {**rule.example, **({masks: "?"} if masks else {})}
        return {**own, start: lambda: _cutoff(rule, ago)}

    return Proof(
        clauses=("5.1", "5.6"),
        name=f"past-term-{rule.model.__tablename__}.{start}{'-masked' if masks else ''}",
        says=_("Nothing is kept past its term: %(what)s", what=rule.label),
        rows=rule.model,
        wrong=wrong,
        forged=begun(GRACE + DAY),
        right=begun(timedelta()),
    )


def _cutoff(rule: Retention, ago: timedelta) -> datetime | date:
    """Return from when on rows were within their term so long `ago`."""
    at = clock.now() - ago - timedelta(days=rule.term)
    day = at.astimezone(clock.ALMATY).date()
    column: Any = rule.starts_at
    if isinstance(column.type, Date):
        return day
    return clock.midnight(day) if rule.whole_days else at
