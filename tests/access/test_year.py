"""400 days by the clock: the log of requests goes within two hours of its terms.

Its only files are those of the spool; files of other features have tests of their own.
"""

import random
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Date, Engine, func, select, text

from neupusti.access import calendar
from neupusti.access.ingest.batch import Enrichment
from neupusti.access.models import Finding, Sweep
from neupusti.access.recording.line import encode
from neupusti.access.recording.spool import Spool, files
from neupusti.access.service import Aggregator
from neupusti.access.views.blueprint import retention_cutoffs, spool_folder
from neupusti.config.settings import settings
from neupusti.core import clock
from neupusti.core.data.database import AccessBase
from neupusti.core.keeping import Retention
from neupusti.core.registry import registry
from neupusti.core.term_proofs import GRACE
from tests.access.conftest import entry
from tests.proofs.rows import row
from tests.times import NOON, Clock

DAYS, SECOND = 400, timedelta(seconds=1)


@dataclass(frozen=True)
class Due:
    """What a rule keeps of one day, and the moment at which it has to go."""

    rule: Retention
    day: date
    gone: datetime

    def is_there(self, engine: Engine) -> bool:
        """Whether a row of that day is there, with what the rule takes from it."""
        column: Any = self.rule.starts_at
        days = self.day, calendar.after(self.day)
        whole = isinstance(column.type, Date)
        begin, end = days if whole else map(clock.midnight, days)
        found = select(func.count()).where(column >= begin, column < end)
        if self.rule.masks is not None:
            found = found.where(self.rule.masks.is_not(None))
        with engine.connect() as connection:
            return bool(connection.scalar(found))


@dataclass(frozen=True)
class Log:
    """The log of requests of a site, and its hourly job."""

    engine: Engine
    enrichment: Enrichment

    def visited(self, at: datetime) -> list[Due]:
        """Take a request and a finding of its day; return what has to go, and when."""
        spool = Spool(spool_folder(settings()))
        spool.append(encode(entry(at)))
        spool.close()
        self.work()
        day = calendar.day_of(at)
        with self.engine.begin() as connection:
            connection.execute(text(row(Finding, day=day.isoformat(), key=f"{day}")))
        return [
            Due(rule, day, clock.midnight(calendar.after(day, rule.term + 1)))
            for rule in registry().retention
            if rule.model.metadata is AccessBase.metadata
        ]

    def work(self) -> None:
        """Do what the job does in an hour; no line waits in a file afterwards."""
        folder = spool_folder(settings())
        terms = retention_cutoffs()
        Aggregator(self.engine, folder, lambda: self.enrichment, terms).work()
        assert not [*files(folder)]


@pytest.mark.clause("3.3", "5.1")
@pytest.mark.slow
@pytest.mark.ordeal(4, 40)
def test_for_400_days_each_row_goes_in_time(
    engine: Engine, enrichment: Enrichment, at: Clock, size: int
) -> None:
    chance = random.Random(17)
    log = Log(engine, enrichment)
    longest = max(rule.term for rule in registry().retention if rule.whole_days)
    first = calendar.day_of(NOON)
    visits = [
        clock.midnight(calendar.after(first, 1 + day)) + chance.random() * timedelta(days=1)
        for day in chance.sample(range(DAYS - longest), size)
    ]
    kept: list[Due] = []
    for visit in sorted(visits):
        _until(visit, log, kept, at)
        at(visit)
        kept += log.visited(visit)
    _until(NOON + timedelta(days=DAYS + 2), log, kept, at)
    assert not kept
    with engine.connect() as connection:
        assert all(connection.scalars(select(Sweep.complete)))


def _until(end: datetime, log: Log, kept: list[Due], at: Clock) -> None:
    """Let time pass, and look before and after each moment at which something goes."""
    moments = {one.gone + offset for one in kept for offset in (-SECOND, GRACE)}
    begin = clock.now()
    for now in sorted(moment for moment in moments if begin < moment <= end):
        at(now)
        log.work()
        there = [one for one in kept if one.is_there(log.engine)]
        late = [one for one in there if one.gone <= now]
        early = [one for one in kept if one not in there and one.gone > now]
        assert (late, early) == ([], [])
        kept[:] = there
