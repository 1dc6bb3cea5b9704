"""Move what an address did before it was seen scanning to where scanners are counted.

The rows of its day are counted twice, as they were labelled and as a scanner's, by the
same code that counts new rows; the roll-ups change by the difference.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from neupusti.access import calendar
from neupusti.access.counters import SUMS, TOTALS
from neupusti.access.ingest import store
from neupusti.access.ingest.agents import SCANNER, Agent
from neupusti.access.ingest.batch import Batch, Row
from neupusti.access.ingest.findings.judge import Scanners
from neupusti.access.models import Record, millis, moment
from neupusti.access.recording.line import Entry

ADDRESSES_PER_QUERY = 400


@dataclass(frozen=True, slots=True)
class _Stored:
    """Looks up what the rows say themselves, instead of working it out again."""

    values: dict[str, str]

    def of(self, value: str) -> str:
        """Return what is stored beside a value."""
        return self.values[value]


def move(connection: Connection, scanners: Scanners, salts: dict[str, bytes]) -> None:
    """Count the earlier rows of `scanners` (to the kind of their finding) as such."""
    for day, some in groupby(sorted(scanners), key=lambda who: who[0]):
        ips = [ip for _, ip in some]
        for at in range(0, len(ips), ADDRESSES_PER_QUERY):
            _move_some(connection, day, ips[at : at + ADDRESSES_PER_QUERY], scanners, salts)


def _move_some(
    connection: Connection,
    day: str,
    ips: list[str],
    scanners: Scanners,
    salts: dict[str, bytes],
) -> None:
    start = calendar.start_of(day)
    end = calendar.start_of(calendar.after(date.fromisoformat(day)).isoformat())
    earlier = (
        Record.ip.in_(ips) & (Record.at >= moment(start)) & (Record.at < moment(end))
        & (Record.bot != SCANNER) & Record.user_agent.is_not(None)
    )  # fmt: skip
    columns = (Record.id, *(getattr(Record, name) for name in store.RECORD_COLUMNS))
    rows = connection.execute(select(*columns).where(earlier).order_by(Record.id)).all()
    if not rows:
        return
    before = _counted(rows, salts, None)
    after = _counted(rows, salts, scanners)
    totals = _difference(_totals(after), _totals(before), 2)
    rollups = _difference(after.rollups(), before.rollups(), 3)
    store.add_counts(connection, totals, rollups)
    found = {row.ip for row in rows}
    store.label_scanners(connection, [(scanners[day, ip], ip, start, end) for ip in found])


def _counted(
    rows: Iterable[Any], salts: dict[str, bytes], scanners: Scanners | None
) -> Batch:
    batch = _StoredBatch(
        _Stored({row.ip: row.country for row in rows}),
        _Stored({row.referrer: row.source for row in rows}),
        scanners,
    )
    batch.agents_stored = {
        (row.ip, row.user_agent): Agent(
            row.browser, row.os, row.device, row.bot, row.bot_reason
        )
        for row in rows
    }
    batch.add(map(_entry, rows))
    batch.digest_visitors(salts)
    batch.resolve_visitors({})
    return batch


class _StoredBatch(Batch):
    """A batch of rows that are labelled already."""

    agents_stored: dict[tuple[str, str], Agent]

    def _agent(self, ip: str, text: str) -> Agent:
        return self.agents_stored[ip, text]


def _entry(row: Any) -> Entry:
    names = (name for name in Entry.__slots__ if name != "at")
    return Entry(at=millis(row.at), **{name: getattr(row, name) for name in names})


def _totals(batch: Batch) -> Iterator[Row]:
    for hour, totals in batch.hours.items():
        yield "hour", hour * calendar.HOUR, *totals.row()
    for day, totals in batch.days.items():
        yield "day", calendar.start_of(day), *totals.row()


def _difference(after: Iterable[Row], before: Iterable[Row], keys: int) -> list[Row]:
    """Return the rows by whose counts `after` differs from `before`."""
    sums: dict[Row, list[int]] = defaultdict(lambda: [0] * max(len(SUMS), len(TOTALS)))
    for rows, sign in ((after, 1), (before, -1)):
        for row in rows:
            for at, number in enumerate(row[keys:]):
                sums[row[:keys]][at] += sign * int(number)  # type: ignore[call-overload]
    width = len(TOTALS) if keys == 2 else len(SUMS)  # noqa: PLR2004 - the key of totals
    return [(*key, *counts[:width]) for key, counts in sums.items() if any(counts)]
