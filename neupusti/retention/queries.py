"""What each rule keeps, what the holds keep, and what of both waits for staff."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from neupusti.core import clock, sweeping
from neupusti.core.blocking.conditions import covered
from neupusti.core.data.beats import JobBeat
from neupusti.core.data.database import AccessBase, db
from neupusti.core.data.halting import is_halted
from neupusti.core.data.reading import reading
from neupusti.core.keeping import Hold, Retention
from neupusti.core.records.holds import PlacedHold, in_force, lacks_second
from neupusti.core.records.sweep_stops import SweepStop
from neupusti.core.registry import registry

JOB = "retention"
RELEASED = 50
"""How many of the released holds the page of holds shows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleState:
    """What a rule keeps now."""

    rule: Retention
    rows: int
    past: int
    """Past its term."""
    held: int
    blocked: int
    due: int
    """Neither held nor blocked: the next sweep destroys them."""
    stop: SweepStop | None


@dataclass(frozen=True, slots=True)
class HoldState:
    """How many rows a hold keeps now."""

    hold: Hold
    rows: int


def rules(known: Iterable[Retention]) -> list[RuleState]:
    """Return what each rule keeps; of the access log see its own page."""
    stops = {stop.rule: stop for stop in open_stops()}
    with reading(in_use=False):
        return [
            _state(rule, stops.get(rule.code))
            for rule in known
            if rule.model.metadata is not AccessBase.metadata
        ]


def _state(rule: Retention, stop: SweepStop | None) -> RuleState:
    table: Table = rule.model.__table__
    past = and_(*sweeping.past(rule))
    held = registry().held(table, rule.destroys, at_term=True)
    blocked = covered(table)

    def count(condition: ColumnElement[bool]) -> ColumnElement[Any]:
        return func.count().filter(condition)

    row = db.session.execute(
        select(
            func.count(),
            count(past),
            count(and_(past, held)),
            count(and_(past, blocked)),
            count(and_(past, ~or_(held, blocked))),
        ).select_from(table)
    ).one()
    names = ("rows", "past", "held", "blocked", "due")
    return RuleState(rule=rule, stop=stop, **dict(zip(names, row, strict=True)))


def open_stops() -> list[SweepStop]:
    """Return the rules at which the sweep waits for staff, the oldest first."""
    rows = select(SweepStop).filter_by(allowed_at=None, over_at=None)
    return list(db.session.scalars(rows.order_by(SweepStop.id)))


def last_complete() -> datetime | None:
    """Return when the sweep last ended with nothing left of what it destroyed.

    None: not yet, or it may not destroy everything now.
    """
    if is_halted() or count_stops():
        return None
    return db.session.scalar(select(JobBeat.at).filter_by(name=JOB, ok=True))


def shipped() -> list[HoldState]:
    """Return the holds of the manifests, and how many rows each keeps."""
    found = []
    with reading(in_use=False):
        for hold in registry().holds:
            table: Table = hold.model.__table__
            rows = select(func.count()).select_from(table).where(hold.rows(table))
            found.append(HoldState(hold, db.session.scalar(rows) or 0))
    return found


def placed() -> list[PlacedHold]:
    """Return the placed holds that are not released, the next to be looked at first."""
    with reading(in_use=False):
        rows = select(PlacedHold).filter_by(released_at=None)
        return list(db.session.scalars(rows.order_by(PlacedHold.review, PlacedHold.id)))


def released() -> list[PlacedHold]:
    """Return the holds that were released last."""
    with reading(in_use=False):
        rows = select(PlacedHold).where(PlacedHold.released_at.is_not(None))
        newest = rows.order_by(PlacedHold.released_at.desc(), PlacedHold.id.desc())
        return list(db.session.scalars(newest.limit(RELEASED)))


def by_code(code: str) -> PlacedHold | None:
    """Return a placed hold."""
    with reading(in_use=False):
        return db.session.scalar(select(PlacedHold).filter_by(code=code))


def count_stops() -> int:
    """Return how many sweeps wait for staff."""
    return len(open_stops())


def count_reviews() -> int:
    """Return how many placed holds staff have to look at: again, or a second of them."""
    rows = select(func.count()).where(
        in_force(), or_(PlacedHold.review <= clock.today(), lacks_second())
    )
    with reading(in_use=False):
        return db.session.scalar(rows) or 0
