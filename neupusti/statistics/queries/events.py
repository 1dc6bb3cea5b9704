"""Query the events that are marked in the charts."""

from datetime import datetime, time

from sqlalchemy import Connection, select

from neupusti.access.ingest.store import STARTED
from neupusti.access.models import Rollup
from neupusti.core import clock
from neupusti.statistics.queries.period import Period

MOST = 20


def starts(connection: Connection, period: Period) -> list[datetime]:
    """Return the last moments (to the minute) at which the site started, newest first."""
    rows = connection.execute(
        select(Rollup.day, Rollup.value)
        .where(Rollup.dimension == STARTED, Rollup.day.between(period.first, period.last))
        .order_by(Rollup.day.desc(), Rollup.value.desc())
        .limit(MOST)
    )
    return [
        datetime.combine(day, time.fromisoformat(minute), clock.ALMATY)
        for day, minute in rows
    ]
