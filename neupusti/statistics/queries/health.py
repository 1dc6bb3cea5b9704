"""The state of the log: its newest request, lost lines, the last sweep."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, literal, select, true

from neupusti.access.models import Record, Rollup, Sweep
from neupusti.statistics.queries.period import Period


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the log."""

    newest: datetime | None
    lost: int
    malformed: dict[str, int]
    swept: Any


def health(connection: Connection, period: Period) -> Health:
    """Return the state of the log."""
    counted = connection.execute(
        select(Rollup.dimension, Rollup.value, func.sum(Rollup.requests).label("number"))
        .where(
            Rollup.dimension.in_(("lost", "malformed")),
            Rollup.day.between(period.first, period.last),
        )
        .group_by(Rollup.dimension, Rollup.value)
    ).all()
    newest = select(Record.at).order_by(Record.at.desc()).limit(1).subquery()
    swept = select(Sweep).order_by(Sweep.id.desc()).limit(1).subquery()
    one = select(literal(1)).subquery()
    both = connection.execute(
        select(newest.c.at.label("newest"), *swept.c).select_from(
            one.outerjoin(newest, true()).outerjoin(swept, true())
        )
    ).one()
    return Health(
        newest=both.newest,
        lost=sum(int(row.number) for row in counted if row.dimension == "lost"),
        malformed={
            row.value: int(row.number) for row in counted if row.dimension == "malformed"
        },
        swept=both if both.id is not None else None,
    )
