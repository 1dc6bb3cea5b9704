"""The proof that follows from a retention rule: nothing is kept past its term (5.1)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from flask_babel import LazyString
from flask_babel import lazy_gettext as _
from sqlalchemy import ColumnElement, Date, FromClause, and_

from neupusti.core import clock
from neupusti.core.proofs.proof import Proof

GRACE = timedelta(hours=2)
"""The sweeps run hourly; one that is this late has failed."""


class Rule(Protocol):
    """What the proof reads of a retention rule (`core.feature.Retention`)."""

    label: str | LazyString
    model: type[Any]
    starts_at: Any
    only: Mapping[str, Any]
    masks: Any
    whole_days: bool

    @property
    def term(self) -> int:
        """The days in force."""


def proof_of(rule: Rule) -> Proof:
    """Return the proof that no row of `rule` is kept past its term and `GRACE`."""
    start, masks = rule.starts_at.key, rule.masks.key if rule.masks else ""

    def wrong(rows: FromClause) -> ColumnElement[bool]:
        conditions = [rows.c[name] == value for name, value in rule.only.items()]
        if masks:
            conditions.append(rows.c[masks].is_not(None))
        return and_(rows.c[start] < _cutoff(rule, GRACE), *conditions)

    def begun(ago: timedelta) -> dict[str, Any]:
        own = {**rule.only, **({masks: "?"} if masks else {})}
        return {**own, start: lambda: _cutoff(rule, ago)}

    return Proof(
        clauses=("5.1", "5.6"),
        name=f"past-term-{rule.model.__tablename__}.{start}{'-masked' if masks else ''}",
        says=_("Kept past its term: %(what)s", what=rule.label),
        rows=rule.model,
        wrong=wrong,
        forged=begun(GRACE + timedelta(days=1)),
        right=begun(GRACE - timedelta(hours=1)),
    )


def _cutoff(rule: Rule, ago: timedelta) -> datetime | date:
    """Return from when on rows were within their term so long `ago`."""
    at = clock.now() - ago - timedelta(days=rule.term)
    day = at.astimezone(clock.ALMATY).date()
    if isinstance(rule.starts_at.type, Date):
        return day
    return clock.midnight(day) if rule.whole_days else at
