"""Recall visitors whose digests a sweep has destroyed since they were counted.

A log may be imported in parts with a sweep between them. Whoever was counted before it is
known exactly where the same file holds the requests; where another file did, by what the
rows still say: the masked network, browser, system and device.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import Connection, select

from neupusti.access import calendar
from neupusti.access.ingest import store
from neupusti.access.ingest.batch import Batch
from neupusti.access.ingest.findings.identity import mask_address
from neupusti.access.ingest.visits import visitor_digest
from neupusti.access.models import Record, millis
from neupusti.core import clock

Alike = tuple[str, str, str, str]
"""Network, browser, system and device."""


@dataclass(slots=True)
class Recall:
    """What one import recalls."""

    earlier: Callable[[set[str]], Batch]
    """Reads the requests of some days in the part of the file that was imported before."""
    masked: dict[str, dict[Alike, int]] = field(default_factory=dict)
    """By day, the hours of those who are known by rows only."""

    def recall(self, connection: Connection, batches: Iterable[Batch]) -> None:
        """Mark visitors of `batches` as seen who were counted before a sweep."""
        days = {day for batch in batches for day in batch.active_days()}
        if forgotten := store.forgotten_days(connection, days):
            batch = self.earlier(forgotten)
            store.remember(connection, batch)
            for day in forgotten - batch.active_days():
                self.masked.setdefault(day, _masked_visitors(connection, day))
        if known := days & self.masked.keys():
            salts = store.salts(connection, known)
            for batch in batches:
                store.mark_seen(connection, self._seen(batch, salts))

    def _seen(self, batch: Batch, salts: dict[str, bytes]) -> dict[str, dict[bytes, int]]:
        """Return the digests and hours of those of a batch whom rows know."""
        seen: dict[str, dict[bytes, int]] = defaultdict(dict)
        for (day, ip, text), visit in batch.visits.items():
            agent = visit.agent
            alike = (mask_address(ip), agent.browser, agent.os, agent.device)
            if hours := self.masked.get(day, {}).get(alike):
                digest = visitor_digest(salts[day], f"{ip}\n{text}")
                seen[day][digest] = hours
        return seen


def _masked_visitors(connection: Connection, day: str) -> dict[Alike, int]:
    start = date.fromisoformat(day)
    rows = connection.execute(
        select(Record.at, Record.ip, Record.browser, Record.os, Record.device).where(
            Record.at >= clock.midnight(start),
            Record.at < clock.midnight(calendar.after(start)),
            Record.user_agent.is_(None),
            ~Record.status.between(400, 499),
        )
    )
    found: dict[Alike, int] = defaultdict(int)
    for at, *alike in rows:
        _, hour = calendar.day_and_hour(millis(at) // calendar.HOUR)
        ip, browser, system, device = alike
        found[ip, browser, system, device] |= 1 << hour
    return found
